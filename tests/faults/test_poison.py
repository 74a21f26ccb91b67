"""The short form of `make test-faults ARGS=poison`."""

from pathlib import Path

from support.faults import poison


def test_photographs_that_crash_or_hang_a_worker_fail_after_three_attempts_and_harm_no_other(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    row = poison.run(tmp_path, photos=3, times=2, bad_side=2500, **tiny)
    assert row.clean, row
    assert row.times == 6
