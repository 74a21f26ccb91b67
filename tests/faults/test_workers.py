"""The short form of `make test-faults ARGS=workers`."""

from pathlib import Path

from support.faults import workers


def test_no_photograph_is_lost_or_done_twice_when_workers_are_killed_at_random(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    row = workers.run(tmp_path, photos=36, times=3, side=1000, seed=3, **tiny)
    assert row.clean, row
    assert row.times == 3
