"""Hints of a series over the API: what is proposed for which photograph, and who is told."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from photochrom.photo.restoration import Restoration
from photochrom.photo.series import SIGHT_EXTENSION, Series
from photochrom.photo.sight import FEATURES, PLACES, Sight
from photochrom.photo.turning import Turning
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench

Finish = Callable[..., JobRecord]
COAT = {"x": 0.4, "y": 0.3, "a": 45, "b": 31}
SIGHT = Sight(
    np.random.default_rng(0).integers(-60, 60, (FEATURES, PLACES)).astype(np.int8),
    np.zeros((2, PLACES), np.int8),
)


class Album:
    """A batch whose photographs all show the same."""

    def __init__(self, client: TestClient, bench: Bench, finish: Finish) -> None:
        self.client, self.bench, self.finish = client, bench, finish
        answer = client.post("/v1/batches", json={"options": {"consistency": 1}}).raise_for_status()
        self.url = answer.headers["location"]

    def put(self, name: str, photo: bytes, **options: object) -> str:
        params = {key: json.dumps(value) if key == "hints" else value for key, value in options.items()}
        answer = self.client.put(f"{self.url}/items/{name}", params=params, content=photo)  # type: ignore[arg-type]
        return str(answer.raise_for_status().json()["id"])

    def look(self, job_id: str, *relatives: str, turn: int | None = None) -> None:
        """Do what workers do: colour it, look at it, and tell the series."""
        if not self.bench.store.get(job_id).finished:
            self.finish(job_id)
        key = f"results/{job_id}/a{SIGHT_EXTENSION}"
        with self.bench.storage.draft() as draft:
            draft.write(SIGHT.to_bytes())
            draft.commit(key)
        turning = Restoration(turning=Turning(turn=turn)) if turn is not None else None  # type: ignore[arg-type]
        told = Series(group="ab" if relatives else "", members=1 + len(relatives), relatives=relatives)

        def seen(job: JobRecord) -> JobRecord:
            assert job.result
            result = job.result.model_copy(update={"sight_key": key, "restoration": turning})
            return job.model_copy(update={"result": result, "series": told})

        self.bench.store.change(job_id, seen)


@pytest.fixture
def album(client: TestClient, bench: Bench, finish: Finish) -> Album:
    return Album(client, bench, finish)


def ask(client: TestClient, job_id: str, **query: str | list[str]) -> tuple[int, dict[str, object]]:
    answer = client.get(f"/v1/jobs/{job_id}/proposals", params=query)
    return answer.status_code, answer.json()


PHOTO, OTHER = grey_jpeg(size=(96, 64)), grey_jpeg("coffee.jpg", size=(96, 64))


def test_hints_of_the_series_are_proposed_once_it_is_known(
    client: TestClient, album: Album, finish: Finish
) -> None:
    told, plain = album.put("told.jpg", PHOTO, hints=[COAT]), album.put("plain.jpg", OTHER)
    status, said = ask(client, plain)
    assert (status, said["code"]) == (409, "result-not-ready")
    finish(plain)
    assert ask(client, plain) == (202, {"ready": False, "proposals": []})
    album.look(told, plain)
    album.look(plain, told, "01m82jkk9e75enz50t650yysbc")
    status, said = ask(client, plain)
    [one] = said["proposals"]  # type: ignore[misc]
    assert (status, said["ready"], one["given_in"]) == (200, True, told)
    assert one["hint"] == {**COAT, "radius": 0.008}
    assert 0.6 <= one["likeness"] <= 1
    again = client.post("/v1/jobs", params={"hints": json.dumps([one["hint"]])}, content=OTHER)
    assert again.status_code == 202
    # Its own hints are not proposed to it, and who has no relatives is told nothing.
    assert ask(client, told)[1]["proposals"] == []
    client.delete(f"/v1/jobs/{told}")
    assert ask(client, plain) == (200, {"ready": True, "proposals": []})


def test_hints_of_a_later_version_are_proposed_where_it_is_the_same_picture(
    client: TestClient, album: Album, finish: Finish
) -> None:
    first, plain = album.put("first.jpg", PHOTO), album.put("plain.jpg", OTHER)
    album.look(first, plain)
    album.look(plain, first)
    assert ask(client, plain)[1]["proposals"] == []

    def version(photo: bytes, **options: str) -> str:
        query = {"hints": json.dumps([COAT]), **options}
        return str(client.post("/v1/jobs", params=query, content=photo).raise_for_status().json()["id"])

    later = version(PHOTO)
    [one] = ask(client, plain, hints_of=later)[1]["proposals"]  # type: ignore[misc]
    assert (one["given_in"], one["hint"]["x"]) == (later, COAT["x"])
    own = version(OTHER)
    assert ask(client, plain, hints_of=[later, own])[1]["proposals"] == []
    assert len(ask(client, plain, hints_of=[later, version(PHOTO)])[1]["proposals"]) == 1  # type: ignore[arg-type]
    for other in (
        version(grey_jpeg(size=(64, 64))),
        version(PHOTO, turn="90"),
        version(PHOTO, mirror="true"),
    ):
        assert ask(client, plain, hints_of=other)[1]["proposals"] == []
    for unknown in ("nothing", "01m82jkk9e75enz50t650yysbc", f"{later}:held"):
        status, said = ask(client, plain, hints_of=unknown)
        assert (status, said["code"]) == (404, "job-not-found")


def test_a_turn_that_a_network_found_is_that_turn(client: TestClient, album: Album) -> None:
    first, plain = album.put("first.jpg", PHOTO, turn="auto"), album.put("plain.jpg", OTHER)
    album.look(first, plain, turn=90)
    album.look(plain, first)
    for turn, found in (("90", 1), ("0", 0)):
        query = {"hints": json.dumps([COAT]), "turn": turn}
        later = client.post("/v1/jobs", params=query, content=PHOTO).json()["id"]
        assert len(ask(client, plain, hints_of=later)[1]["proposals"]) == found  # type: ignore[arg-type]


def test_a_photograph_without_a_series_is_told_so(client: TestClient, finish: Finish) -> None:
    job_id = client.post("/v1/jobs", content=PHOTO).json()["id"]
    finish(job_id)
    status, said = ask(client, job_id)
    assert (status, said["code"]) == (409, "job-conflict")
    assert "consistency" in str(said["detail"])


def test_who_asks_in_a_canceled_batch_is_not_told_to_ask_again(
    client: TestClient, album: Album, finish: Finish
) -> None:
    job_id = album.put("plain.jpg", OTHER)
    finish(job_id)
    assert ask(client, job_id)[0] == 202
    client.post(f"{album.url}:cancel").raise_for_status()
    status, said = ask(client, job_id)
    assert (status, said["code"]) == (409, "job-conflict")
    assert ":retry-failed" in str(said["detail"])
