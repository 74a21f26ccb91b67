"""Manifests and tiles as viewers ask for them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from iiif_prezi3 import Manifest

from photochrom.access.keys import Scope
from photochrom.jobs.record import JobRecord
from photochrom.photo.tiles import Tiling, packed
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.keyring import show

Finish = Callable[..., JobRecord]
TILING = Tiling(1300, 700)
TILES = [f"tile {n}".encode() for n in range(TILING.count)]


@pytest.fixture
def settings(settings: ServiceSettings) -> ServiceSettings:
    return settings.model_copy(update={"wait_limit": 0.2})


def tiled(bench: Bench, record: JobRecord, width: int = 1300, height: int = 700) -> JobRecord:
    """Do what a worker does when tiles are asked for."""
    keys = []
    for of in ("result", "original"):
        key = f"results/{record.id}/{'a' * 32}.{of}.tiles"
        with bench.storage.draft() as draft:
            for part in packed(TILING, [of.encode() + b" " + tile for tile in TILES]):
                draft.write(part)
            draft.commit(key)
        keys.append(key)

    def sized(job: JobRecord) -> JobRecord:
        assert job.result
        size = {"width": width, "height": height}
        return job.model_copy(update={"result": job.result.model_copy(update=size)}).tile(*keys)

    return bench.store.change(record.id, sized)


@pytest.fixture
def job(client: TestClient, bench: Bench, photo: bytes, finish: Finish) -> JobRecord:
    made = client.post("/v1/jobs", files={"photo": ("Plate 7.jpg", photo)}).json()
    return tiled(bench, finish(made["id"]))


def choices(canvas: dict[str, Any]) -> list[dict[str, Any]]:
    """The pictures of a canvas; raises where the canvas is none of Presentation 3."""
    (page,) = canvas["items"]
    (painting,) = page["items"]
    assert (painting["motivation"], painting["target"]) == ("painting", canvas["id"])
    body = painting["body"]
    return list(body["items"]) if body["type"] == "Choice" else [body]


def valid(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest, which the models of the Presentation API take, with all that it says."""
    assert manifest["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert json.loads(Manifest(**manifest).jsonld()) == manifest
    ids = [manifest["id"], *(canvas["id"] for canvas in manifest["items"])]
    assert len({*ids}) == len(ids)
    assert all(found.startswith(("http://", "https://")) for found in ids)
    return manifest


def test_a_job_is_a_canvas_with_a_choice_of_colour_and_grey(client: TestClient, job: JobRecord) -> None:
    manifest = valid(client.get(f"/v1/jobs/{job.id}/iiif/manifest.json").raise_for_status().json())
    (canvas,) = manifest["items"]
    assert (manifest["label"], canvas["width"], canvas["height"]) == ({"none": ["Plate 7.jpg"]}, 1300, 700)
    assert [picture["label"] for picture in choices(canvas)] == [
        {"en": ["In colour"]},
        {"en": ["As scanned"]},
    ]
    assert "predicted by a machine" in str(canvas["requiredStatement"])
    for picture in choices(canvas):
        assert client.get(picture["id"]).content.endswith(TILES[-1])
        (service,) = picture["service"]
        info = client.get(f"{service['id']}/info.json").json()
        assert {key: info[key] for key in service} == service
        assert client.get(service["id"], follow_redirects=False).headers["location"].endswith("/info.json")
    for address in (
        canvas["thumbnail"][0]["id"] if "thumbnail" in canvas else None,
        canvas["rendering"][0]["id"],
    ):
        assert address is None or client.get(address).status_code == 200


def test_info_says_which_tiles_there_are_and_they_are_there(client: TestClient, job: JobRecord) -> None:
    for of in ("result", "original"):
        info = client.get(f"/v1/jobs/{job.id}/iiif/{of}/info.json").raise_for_status().json()
        assert info["@context"] == "http://iiif.io/api/image/3/context.json"
        assert (info["type"], info["profile"], info["protocol"]) == (
            "ImageService3",
            "level0",
            "http://iiif.io/api/image",
        )
        assert (info["width"], info["height"], info["maxWidth"]) == (1300, 700, 650)
        assert info["tiles"] == [{"width": 512, "scaleFactors": [1, 2, 4]}]
        numbers = iter(range(TILING.count))
        for factor in info["tiles"][0]["scaleFactors"]:
            for box in TILING.boxes(factor):
                region = f"{box.x},{box.y},{box.width},{box.height}"
                found = client.get(f"{info['id']}/{region}/{box.shown[0]},{box.shown[1]}/0/default.jpg")
                assert found.content == f"{of} tile {next(numbers)}".encode()
                assert found.headers["content-type"] == "image/jpeg"
        for size in info["sizes"]:
            shown = client.get(f"{info['id']}/full/{size['width']},{size['height']}/0/default.jpg")
            assert shown.status_code == 200
        tag = shown.headers["etag"]
        assert client.get(str(shown.url), headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "tile",
    [
        "1,0,512,512/512,512",
        "0,0,512,512/100,100",
        "full/,",
        "pct:1,1,1,1/max",
        "full/^max",
        "\u0660,0,512,512/512,512",
    ],
)
def test_what_level_0_has_not_is_not_found(client: TestClient, job: JobRecord, tile: str) -> None:
    for headers in ({}, {"If-None-Match": "*"}):
        missing = client.get(f"/v1/jobs/{job.id}/iiif/result/{tile}/0/default.jpg", headers=headers)
        assert (missing.status_code, missing.json()["code"]) == (404, "object-not-found")


def test_nothing_is_made_for_a_tile_that_there_cannot_be(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    """It would cost a photograph of the day, and a worker's time."""
    record = finish(client.post("/v1/jobs", content=photo).json()["id"])
    missing = client.get(f"/v1/jobs/{record.id}/iiif/result/9999,0,512,512/512,512/0/default.jpg")
    assert (missing.status_code, missing.json()["code"]) == (404, "object-not-found")
    assert bench.store.get(record.id).tiling_attempts == 0


def test_the_first_who_asks_has_them_made_once(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    record = finish(client.post("/v1/jobs", content=photo).json()["id"])
    at = f"/v1/jobs/{record.id}/iiif/result"
    assert client.get(f"{at}/info.json").status_code == 200
    for _ in range(2):
        waiting = client.get(f"{at}/full/max/0/default.jpg")
        assert (waiting.status_code, waiting.json()["code"]) == (503, "tiles-not-ready")
        assert int(waiting.headers["retry-after"]) > 0
    assert bench.store.get(record.id).tiling_attempts == 1
    queued = [entry.decode() for entry in bench.redis.lrange("rq:queue:photochrom", 0, -1)]
    assert queued.count(f"{record.id}-tiles") == 1
    tiled(bench, record)
    assert client.get(f"{at}/full/max/0/default.jpg").content.endswith(TILES[-1])


def test_a_job_without_a_result_has_no_manifest(client: TestClient, photo: bytes) -> None:
    made = client.post("/v1/jobs", content=photo).json()
    for end in ("manifest.json", "result/info.json", "result/full/max/0/default.jpg"):
        refused = client.get(f"/v1/jobs/{made['id']}/iiif/{end}")
        assert (refused.status_code, refused.json()["code"]) == (409, "result-not-ready")


def test_a_batch_is_a_manifest_of_its_results_in_the_order_of_sending(
    client: TestClient, photo: bytes, finish: Finish
) -> None:
    batch = client.post("/v1/batches", json={"name": "Album 1931"}).json()["url"]
    empty = valid_empty(client.get(f"{batch}/iiif/manifest.json").json())
    assert empty["label"] == {"none": ["Album 1931"]}
    names = ["a/1.jpg", "a/2.jpg", "b.jpg"]
    for name in names:
        finish(client.put(f"{batch}/items/{name}", content=photo).json()["id"])
    client.put(f"{batch}/items/later.jpg", content=photo)
    manifest = valid(client.get(f"{batch}/iiif/manifest.json").json())
    assert [canvas["label"]["none"][0] for canvas in manifest["items"]] == names


def valid_empty(manifest: dict[str, Any]) -> dict[str, Any]:
    assert manifest["items"] == []
    return manifest


def test_addresses_are_those_of_the_caller(settings: ServiceSettings, job: JobRecord) -> None:
    public = settings.model_copy(update={"public_url": "https://photos.example/photochrom"})
    with TestClient(create_app(public), base_url="http://photos.example") as client:
        manifest = client.get(f"/photochrom/v1/jobs/{job.id}/iiif/manifest.json").raise_for_status().json()
    assert manifest["id"] == f"https://photos.example/photochrom/v1/jobs/{job.id}/iiif/manifest.json"


@pytest.fixture
def shared(settings: ServiceSettings) -> Iterator[TestClient]:
    """A service that asks for keys, and lets pages with viewers read."""
    opened = settings.model_copy(update={"auth": "keys", "iiif_origins": ("https://viewer.example",)})
    with TestClient(create_app(opened)) as client:
        yield client


def test_pages_of_the_operator_s_choice_may_read_tiles_and_nothing_else(
    shared: TestClient, bench: Bench, job: JobRecord
) -> None:
    key = show(bench, Scope.ADMIN)
    asked = {"Origin": "https://viewer.example", **key}
    for path in ("manifest.json", "result/info.json", "result/full/max/0/default.jpg"):
        at = f"/v1/jobs/{job.id}/iiif/{path}"
        answer = shared.get(at, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://viewer.example"
        assert shared.get(at, headers={"Origin": "https://viewer.example"}).status_code == 401
        other = shared.get(at, headers={**asked, "Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers
    assert "access-control-allow-origin" not in shared.get(f"/v1/jobs/{job.id}", headers=asked).headers
    preflight = {
        "Origin": "https://viewer.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    assert shared.options(f"/v1/jobs/{job.id}/iiif/manifest.json", headers=preflight).status_code == 200
