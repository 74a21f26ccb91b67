"""The short form of `make test-faults ARGS=uploads`."""

from pathlib import Path

from support.faults import uploads


def test_what_the_api_said_202_to_survives_it_and_nothing_half_is_to_be_seen(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    row = uploads.run(tmp_path, photos=12, times=2, **tiny)
    assert row.clean, row
