"""The contract of every storage, held by a disk and by an object store alike."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom.errors import ObjectNotFound
from photochrom.storage.storage import LocalStorage, Storage
from support.servers.objects import ObjectStore

KEY = "results/a/b.jpg"
NO_KEYS = [
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
]


@pytest.fixture(params=["disk", "objects"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "disk":
        return LocalStorage(tmp_path / "photos")
    store: ObjectStore = request.getfixturevalue("object_store")
    return store.storage(tmp_path)


def put(storage: Storage, key: str, data: bytes) -> None:
    with storage.draft() as draft:
        draft.write(data)
        draft.commit(key, media_type="image/jpeg", name="a.jpg")


def read(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(storage.read(key, start, end).chunks)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_committed_reads_back(storage: Storage) -> None:
    put(storage, KEY, b"pixels")
    with storage.file(KEY) as path:
        assert path.read_bytes() == b"pixels"
    assert storage.size(KEY) == 6
    assert storage.read(KEY).size == 6
    assert read(storage, KEY) == b"pixels"


def test_an_empty_object_is_one(storage: Storage) -> None:
    put(storage, KEY, b"")
    assert (storage.size(KEY), read(storage, KEY)) == (0, b"")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.binary(min_size=1, max_size=300), start=st.integers(0, 299), length=st.integers(1, 400))
def test_any_part_of_an_object_reads_as_that_part(
    storage: Storage, data: bytes, start: int, length: int
) -> None:
    start %= len(data)
    put(storage, KEY, data)
    part = storage.read(KEY, start, start + length)
    assert part.size == len(data)
    assert b"".join(part.chunks) == data[start : start + length]
    assert read(storage, KEY, start) == data[start:]


def test_a_draft_is_invisible_and_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    with storage.draft() as draft:
        draft.write(b"half")
        assert draft.path.read_bytes() == b"half"
        assert list(storage.listing()) == []
    assert files(tmp_path) == []


def test_an_error_amid_writing_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    with suppress(RuntimeError), storage.draft() as draft:
        draft.write(b"half")
        raise RuntimeError
    assert list(storage.listing()) == []
    assert files(tmp_path) == []


def test_a_second_commit_of_a_key_replaces_the_first(storage: Storage) -> None:
    put(storage, KEY, b"one")
    put(storage, KEY, b"two!")
    assert read(storage, KEY) == b"two!"
    assert [found.bytes for found in storage.listing()] == [4]


def test_listing_tells_key_size_and_time(storage: Storage) -> None:
    keys = [f"results/{n:04}/a.jpg" for n in range(12)]
    for key in keys:
        put(storage, key, b"12345")
    found = sorted(storage.listing(), key=lambda one: one.key)
    assert [(one.key, one.bytes) for one in found] == [(key, 5) for key in keys]
    assert all(abs((datetime.now(UTC) - one.modified_at).total_seconds()) < 60 for one in found)


def test_deleting_may_be_repeated(storage: Storage) -> None:
    put(storage, KEY, b"x")
    put(storage, "results/a/c.jpg", b"x")
    storage.delete(KEY)
    storage.delete(KEY)
    assert [found.key for found in storage.listing()] == ["results/a/c.jpg"]


def test_moving_takes_the_whole_object_and_replaces_an_older_one(storage: Storage) -> None:
    to = f"trash/20260101t000000/{KEY}"
    for data in (b"one", b"two!"):
        put(storage, KEY, data)
        storage.move(KEY, to)
        assert read(storage, to) == data
        with pytest.raises(ObjectNotFound):
            storage.size(KEY)
    with pytest.raises(ObjectNotFound):
        storage.move(KEY, to)
    assert read(storage, to) == b"two!"


def test_a_listing_shows_a_folder_or_all_but_the_trash_and_our_own_notes(storage: Storage) -> None:
    for key in (
        KEY,
        "originals/a/b.jpg",
        "originals-of-mine/x",
        "trash/20260101t000000/x",
        "photochrom.json",
    ):
        put(storage, key, b"x")
    storage.check_writable()

    def listed(*prefix: str) -> set[str]:
        return {found.key for found in storage.listing(*prefix)}

    assert listed() == {KEY, "originals/a/b.jpg", "originals-of-mine/x"}
    assert listed("originals") == {"originals/a/b.jpg"}
    assert listed("trash") == {"trash/20260101t000000/x"}
    assert listed("nothing") == set()


def accesses(storage: Storage) -> list[Callable[[str], object]]:
    def fetch(key: str) -> None:
        with storage.file(key):
            pass

    return [storage.size, storage.read, fetch]


def test_what_is_not_there_is_named(storage: Storage, tmp_path: Path) -> None:
    put(storage, KEY, b"x")
    for access in accesses(storage):
        for missing in ("results/a/c.jpg", "results/a"):
            with pytest.raises(ObjectNotFound, match=missing):
                access(missing)


def test_only_a_disk_has_files_and_says_when_one_is_missing(storage: Storage) -> None:
    put(storage, KEY, b"x")
    if (path := storage.local_path(KEY)) is None:
        assert storage.local_path("results/a/c.jpg") is None
    else:
        assert path.read_bytes() == b"x"
        with pytest.raises(ObjectNotFound, match="results/a/c"):
            storage.local_path("results/a/c.jpg")


@pytest.mark.parametrize("key", NO_KEYS)
def test_keys_stay_inside(storage: Storage, key: str) -> None:
    for access in (
        *accesses(storage),
        storage.local_path,
        storage.delete,
        lambda bad: put(storage, bad, b"x"),
    ):
        with pytest.raises(ObjectNotFound):
            access(key)
    assert list(storage.listing()) == []


def test_writability_is_checked_by_writing_and_nothing_is_seen_of_it(storage: Storage) -> None:
    storage.check_writable()
    assert list(storage.listing()) == []
    assert storage.discard_drafts() == 0
