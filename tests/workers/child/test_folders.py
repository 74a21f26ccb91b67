"""Folders of children that start side by side: none is taken for a dead one's."""

import threading
from pathlib import Path

from workers.child.folders import PrivateFolder


def test_a_folder_goes_with_its_owner_and_a_dead_ones_with_the_next(tmp_path: Path) -> None:
    dead = tmp_path / "photochrom-child-dead"
    (dead / "within").mkdir(parents=True)
    foreign = tmp_path / "else"
    foreign.mkdir()
    own = PrivateFolder(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([foreign, own.path])
    assert own.path.stat().st_mode & 0o077 == 0
    own.remove()
    assert list(tmp_path.iterdir()) == [foreign]


def test_many_at_once_each_keep_their_own(tmp_path: Path) -> None:
    made: list[PrivateFolder] = []
    threads = [threading.Thread(target=lambda: made.append(PrivateFolder(tmp_path))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({folder.path for folder in made}) == 40
    assert all(folder.path.exists() for folder in made)
