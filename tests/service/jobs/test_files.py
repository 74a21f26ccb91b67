"""The files of a job: a browser keeps them, and shows none that is not there for it any more."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from support.queue.queueing import Bench

SMALL = ("preview", "preview?of=original", "confidence", "repairs")
FILES = ("result", "original", *SMALL)


@pytest.fixture
def job(client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]) -> str:
    """A finished job with all of its files; return its path."""
    made = client.post("/v1/jobs", content=photo).json()
    record = finish(made["id"])
    assert record.result is not None
    keys = {
        f"{name}_key": f"results/{record.id}/{name}.jpg"
        for name in ("preview", "original_preview", "confidence", "repairs")
    }
    for key in keys.values():
        with bench.storage.draft() as draft:
            draft.write(key.encode())
            draft.commit(key)
    bench.store.change(
        record.id,
        lambda old: old.model_copy(
            update={"revision": old.revision + 1, "result": old.result.model_copy(update=keys)}
        ),
    )
    return str(made["url"])


@pytest.mark.parametrize("name", FILES)
def test_it_is_asked_for_again_and_unchanged_costs_nothing(client: TestClient, job: str, name: str) -> None:
    first = client.get(f"{job}/{name}")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(f"{job}/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("name", FILES)
def test_what_was_deleted_is_not_there_for_who_has_it_still(client: TestClient, job: str, name: str) -> None:
    tag = client.get(f"{job}/{name}").headers["etag"]
    assert client.delete(job).status_code == 204
    assert client.get(f"{job}/{name}", headers={"If-None-Match": tag}).status_code == 404


def test_each_small_picture_has_a_tag_of_its_own(client: TestClient, job: str) -> None:
    assert len({client.get(f"{job}/{name}").headers["etag"] for name in SMALL}) == len(SMALL)
