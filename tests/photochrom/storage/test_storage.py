import errno
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import ObjectNotFound, StorageFull, StorageReadOnly
from photochrom.storage.storage import LocalStorage
from support.filesystems.lacking import lacking
from support.servers.running import ROOT


@pytest.fixture
def storage(photos: Path) -> LocalStorage:
    return LocalStorage(photos)


def put(storage: LocalStorage, key: str, data: bytes) -> None:
    with storage.draft() as draft:
        draft.write(data)
        draft.commit(key)


def files(photos: Path) -> list[Path]:
    return [path for path in photos.rglob("*") if path.is_file()]


def test_deleting_removes_file_and_empty_folders_and_may_be_repeated(
    storage: LocalStorage, photos: Path
) -> None:
    put(storage, "results/a/b.jpg", b"x")
    storage.delete("results/a/b.jpg")
    storage.delete("results/a/b.jpg")
    assert [path.name for path in photos.iterdir()] == [".drafts"]


@given(key=st.text(max_size=40))
def test_no_text_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "inside"
    try:
        path = LocalStorage(folder)._path(key)
    except ObjectNotFound:
        return
    assert path.resolve().is_relative_to(folder.resolve())
    assert path.resolve() != folder.resolve()


_FILL = """
import resource, signal, sys
from pathlib import Path
from photochrom.errors import StorageFull
from photochrom.storage.storage import LocalStorage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
storage = LocalStorage(Path(sys.argv[1]))
try:
    with storage.draft() as draft:
        draft.write(b"x" * 5000)
        draft.commit("results/a/b.jpg")
except StorageFull:
    sys.exit(7)
"""


def test_no_room_is_said_and_nothing_partial_stays(photos: Path) -> None:
    """The kernel refuses the write for real: by a limit on file size, which needs no mount."""
    ended = subprocess.run([sys.executable, "-c", _FILL, str(photos)], cwd=Path.cwd(), check=False)
    assert ended.returncode == 7
    assert files(photos) == []


def test_a_full_device_is_storage_full(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        put(storage, "results/a/b.jpg", b"x")
    assert list(storage.listing()) == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_no_writes_is_said(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    put(storage, "results/a/b.jpg", b"x")

    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    with pytest.raises(StorageReadOnly, match=re.escape(os.strerror(number))):
        put(storage, "results/a/c.jpg", b"x")
    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(StorageReadOnly):
        storage.delete("results/a/b.jpg")
    assert storage.size("results/a/b.jpg") == 1


_DIE = """
import os, sys
from pathlib import Path
from photochrom.storage.storage import LocalStorage
with LocalStorage(Path(sys.argv[1])).draft() as draft:
    draft.write(b"half")
    os.kill(os.getpid(), 9)
"""


def test_drafts_of_the_dead_go_and_those_of_the_living_stay(storage: LocalStorage, photos: Path) -> None:
    subprocess.run([sys.executable, "-c", _DIE, str(photos)], cwd=Path.cwd(), check=False)
    with storage.draft() as alive:
        alive.write(b"x")
        assert storage.discard_drafts() == 1
        alive.commit("results/a/b.jpg")
    assert storage.size("results/a/b.jpg") == 1


def test_a_draft_that_is_taken_for_a_dead_ones_before_it_has_its_lock_is_begun_anew(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Age tells nothing: a clock may run ahead at that moment."""
    make, discarded = tempfile.mkstemp, list[int]()

    def interrupted(prefix: str, dir: Path) -> tuple[int, str]:  # noqa: A002 - as it is called
        made = make(prefix=prefix, dir=dir)
        if not discarded:
            discarded.append(storage.discard_drafts())
        return made

    monkeypatch.setattr(tempfile, "mkstemp", interrupted)
    with storage.draft() as draft:
        draft.write(b"x")
        assert storage.discard_drafts() == 0
        draft.commit("results/a/b.jpg")
    assert discarded == [1]
    assert storage.size("results/a/b.jpg") == 1


def test_what_is_no_draft_of_ours_stays_among_the_drafts(storage: LocalStorage, photos: Path) -> None:
    """Whoever points `scratch` at a folder of theirs loses nothing."""
    others = [
        photos / ".drafts" / name for name in ("mum.jpg", "draft", "draft-of-my-book", "tmp", "tmp1.jpg")
    ]
    for path in others:
        path.write_bytes(b"x")
    assert storage.discard_drafts() == 0
    assert all(path.is_file() for path in others)


def test_writability_is_checked_by_writing(storage: LocalStorage, photos: Path) -> None:
    storage.check_writable()
    assert files(photos) == []
    (photos / ".drafts").rmdir()
    with pytest.raises(OSError, match=r"\.drafts"):
        storage.check_writable()


def test_a_folder_without_locks_or_fsync_of_folders(tmp_path: Path) -> None:
    """As network file systems are: the one is no failure, the other is told and leaves nothing behind."""
    put_one = (
        "import sys; from pathlib import Path\n"
        "from photochrom.storage.storage import LocalStorage\n"
        "with LocalStorage(Path(sys.argv[1])).draft() as draft:\n"
        "    draft.write(b'x'); draft.commit('results/a/b.jpg')\n"
    )

    def put_without(what: str) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, **lacking(what, tmp_path)}
        command = [sys.executable, "-c", put_one, str(tmp_path / what)]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert put_without("foldersync").returncode == 0
    assert [path.name for path in files(tmp_path / "foldersync")] == ["b.jpg"]
    refused = put_without("locks").stderr.splitlines()[-1]
    assert refused.startswith("photochrom.errors.StorageUnavailable: The folder")
    assert "cannot be locked" in refused
    assert files(tmp_path / "locks") == []
