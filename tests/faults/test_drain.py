"""The short form of `make test-faults ARGS=drain`."""

from pathlib import Path

from support.faults import drain


def test_sigterm_ends_in_order_and_no_job_fails_or_begins_again(tmp_path: Path, tiny: dict[str, str]) -> None:
    row = drain.run(tmp_path, photos=8, times=1, side=800, **tiny)
    assert row.clean, row
