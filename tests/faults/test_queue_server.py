"""The short form of `make test-faults ARGS=queue`."""

from pathlib import Path

from support.faults import queue_server


def test_a_killed_queue_server_comes_back_by_itself_with_all_that_was_accepted(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    row = queue_server.run(tmp_path, photos=8, times=2, **tiny)
    assert row.clean, row
