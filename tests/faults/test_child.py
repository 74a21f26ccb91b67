"""The short form of `make test-faults ARGS='child-crash child-hang child-memory'`."""

from pathlib import Path

import pytest

from support.faults import child


@pytest.mark.parametrize("kind", child.STRIKES)
def test_a_photograph_hurts_itself_alone(tmp_path: Path, tiny: dict[str, str], kind: str) -> None:
    row = child.run(tmp_path, kind=kind, photos=6, times=1, bad_side=2500, **tiny)
    assert row.clean, row
    assert row.times == 3
