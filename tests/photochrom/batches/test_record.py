from collections import Counter
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.batches.record import BatchRecord, BatchState, item_name
from photochrom.errors import InvalidName
from photochrom.ids import new_id
from photochrom.jobs.record import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now


def batch(**changes: object) -> BatchRecord:
    return BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now(), **changes)


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ({}, BatchState.COMPLETED),
        ({JobState.QUEUED: 3}, BatchState.SEALED),
        ({JobState.QUEUED: 2, JobState.RUNNING: 1}, BatchState.RUNNING),
        ({JobState.SUCCEEDED: 1, JobState.RETRYING: 1}, BatchState.RUNNING),
        ({JobState.SUCCEEDED: 2}, BatchState.COMPLETED),
        ({JobState.SUCCEEDED: 1, JobState.EXPIRED: 1}, BatchState.COMPLETED),
        ({JobState.SUCCEEDED: 1, JobState.FAILED: 1}, BatchState.COMPLETED_WITH_ERRORS),
    ],
)
def test_the_state_follows_from_the_items(items: dict[JobState, int], state: BatchState) -> None:
    counts = Counter(items)
    assert batch(sealed_at=utc_now()).state(counts) is state
    assert batch().state(counts) is BatchState.RECEIVING
    assert batch(canceled_at=utc_now()).state(counts) is BatchState.CANCELED


@pytest.mark.parametrize(
    "name", ["a.jpg", "Album 1931/Tante Ö.jpg", "a/b/c/d.tif", ".hidden", "a b", "x" * 255]
)
def test_relative_paths_are_names(name: str) -> None:
    assert item_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "a/",
        "..",
        "a/../b",
        ".",
        "a\\b",
        "C:x",
        "a\0",
        "a\nb",
        "x" * 256,
        "a/" * 600 + "a",
        "a\u202eb",
        "a ",
        "a.",
        "\ud800",
    ],
)
def test_everything_else_is_not(name: str) -> None:
    with pytest.raises(InvalidName):
        item_name(name)


@given(st.text(max_size=60))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    try:
        item_name(name)
    except InvalidName:
        return
    path = PurePosixPath("/base") / name
    assert path.parts[1] == "base"
    assert ".." not in path.parts
    assert str(path) == f"/base/{name}"
