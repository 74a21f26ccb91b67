"""What the service makes sure of when it starts."""

from fastapi.testclient import TestClient

from photochrom.ownership import Ownership
from photochrom.storage.keys import MARKER
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench


def ownership(bench: Bench) -> Ownership:
    return Ownership(bench.redis, bench.storage, bench.store.named)


def test_an_empty_storage_has_an_owner_before_the_first_upload(
    bench: Bench, settings: ServiceSettings
) -> None:
    assert ownership(bench).refusal()
    with TestClient(create_app(settings)):
        assert ownership(bench).refusal() == ""


def test_a_storage_with_files_of_others_stays_theirs(bench: Bench, settings: ServiceSettings) -> None:
    with bench.storage.draft() as draft:
        draft.write(b"a letter")
        draft.commit("somebody/letter.txt", media_type="text/plain")
    with TestClient(create_app(settings)):
        assert ownership(bench).refusal()
    assert all(found.key != MARKER for found in bench.storage.listing())
