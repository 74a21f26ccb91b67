"""The short form of `make test-faults ARGS='full-disk full-photos read-only'`."""

from pathlib import Path

import pytest

from support.faults import storage


@pytest.mark.parametrize("kind", ["full", "full-photos", "read-only"])
def test_a_disk_that_takes_no_writes_is_507_and_all_goes_on_when_it_does(
    tmp_path: Path, tiny: dict[str, str], kind: str
) -> None:
    row = storage.run(tmp_path, kind=kind, times=1, photos=2, side=400, **tiny)
    assert row.clean, row
    assert row.photos == 3
