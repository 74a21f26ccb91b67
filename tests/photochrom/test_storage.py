import errno
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import ObjectNotFound, StorageFull
from photochrom.storage import LocalStorage


@pytest.fixture
def storage(photos: Path) -> LocalStorage:
    return LocalStorage(photos)


def put(storage: LocalStorage, key: str, data: bytes) -> None:
    with storage.draft() as draft:
        draft.write(data)
        draft.commit(key)


def files(photos: Path) -> list[Path]:
    return [path for path in photos.rglob("*") if path.is_file()]


def test_what_is_committed_reads_back(storage: LocalStorage) -> None:
    put(storage, "originals/a/b.jpg", b"pixels")
    with storage.file("originals/a/b.jpg") as path:
        assert path.read_bytes() == b"pixels"
    assert storage.size("originals/a/b.jpg") == 6


def test_a_draft_is_invisible_and_leaves_nothing(storage: LocalStorage, photos: Path) -> None:
    with storage.draft() as draft:
        draft.write(b"half")
        assert list(storage.listing()) == []
    assert files(photos) == []


def test_an_error_amid_writing_leaves_nothing(storage: LocalStorage, photos: Path) -> None:
    with suppress(RuntimeError), storage.draft() as draft:
        draft.write(b"half")
        raise RuntimeError
    assert files(photos) == []


def test_a_second_commit_of_a_key_replaces_the_first(storage: LocalStorage) -> None:
    put(storage, "results/a/b.jpg", b"one")
    put(storage, "results/a/b.jpg", b"two")
    assert storage.local_path("results/a/b.jpg").read_bytes() == b"two"


def test_listing_tells_key_size_and_time(storage: LocalStorage) -> None:
    put(storage, "results/a/b.jpg", b"12345")
    (found,) = storage.listing()
    assert (found.key, found.bytes) == ("results/a/b.jpg", 5)
    assert abs((datetime.now(UTC) - found.modified_at).total_seconds()) < 60


def test_deleting_removes_file_and_empty_folders_and_may_be_repeated(
    storage: LocalStorage, photos: Path
) -> None:
    put(storage, "results/a/b.jpg", b"x")
    storage.delete("results/a/b.jpg")
    storage.delete("results/a/b.jpg")
    assert [path.name for path in photos.iterdir()] == [".drafts"]


def test_what_is_not_there_is_named(storage: LocalStorage) -> None:
    for read in (storage.size, storage.local_path):
        with pytest.raises(ObjectNotFound, match="results/a"):
            read("results/a")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        ".drafts/x",
        "a/.b",
        "A.jpg",
        "a\0",
        "a\n",
        "a" * 300,
        "a/",
    ],
)
def test_keys_stay_inside(storage: LocalStorage, key: str) -> None:
    with pytest.raises(ObjectNotFound):
        storage.local_path(key)
    with pytest.raises(ObjectNotFound):
        storage.delete(key)
    with pytest.raises(ObjectNotFound):
        put(storage, key, b"x")


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
from photochrom.storage import LocalStorage
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


_DIE = """
import os, sys
from pathlib import Path
from photochrom.storage import LocalStorage
with LocalStorage(Path(sys.argv[1])).draft() as draft:
    draft.write(b"half")
    os.kill(os.getpid(), 9)
"""


def test_drafts_of_the_dead_go_and_those_of_the_living_stay(storage: LocalStorage, photos: Path) -> None:
    subprocess.run([sys.executable, "-c", _DIE, str(photos)], cwd=Path.cwd(), check=False)
    with storage.draft() as alive:
        alive.write(b"x")
        assert storage.discard_drafts() == 0  # too young to tell
        for path in (photos / ".drafts").iterdir():
            os.utime(path, (time.time() - 60,) * 2)
        assert storage.discard_drafts() == 1
        alive.commit("results/a/b.jpg")
    assert storage.size("results/a/b.jpg") == 1


def test_writability_is_checked_by_writing(storage: LocalStorage, photos: Path) -> None:
    storage.check_writable()
    assert files(photos) == []
    (photos / ".drafts").rmdir()
    with pytest.raises(OSError, match=r"\.drafts"):
        storage.check_writable()
