"""A repair mask comes with its photograph: kept, named in the record, and refused with a sentence where it is wrong."""

from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from support.queue.queueing import Bench


def png(width: int, height: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width), 128, np.uint8))[1])


def send(client: TestClient, photo: bytes, mask: bytes, **fields: str) -> httpx.Response:
    files = {"photo": ("a.png", photo), "repair_mask": ("mask.png", mask)}
    sent: httpx.Response = client.post("/v1/jobs", files=files, data={"repair": "auto", **fields})
    return sent


@pytest.mark.parametrize("size", [(40, 30), (30, 40)], ids=["as stored", "turned by EXIF"])
def test_a_mask_is_kept_as_long_as_the_photograph(
    client: TestClient, bench: Bench, size: tuple[int, int]
) -> None:
    mask = png(*size)
    job = send(client, png(40, 30), mask)
    assert job.status_code == 202, job.text
    assert job.json()["repair_mask"]["bytes"] == len(mask)
    record = bench.store.get(job.json()["id"])
    assert record.repair_mask is not None
    assert sorted(bench.files()) == sorted([record.original.key, record.repair_mask.key])
    assert b"".join(bench.storage.read(record.repair_mask.key).chunks) == mask
    assert client.delete(job.json()["url"]).status_code == 204
    assert bench.files() == []


def test_another_mask_is_another_request(client: TestClient, bench: Bench) -> None:
    ids = [send(client, png(40, 30), mask).json()["id"] for mask in (png(40, 30), png(30, 40))]
    asked = {bench.store.get(job_id).asked() for job_id in ids}
    plain = client.post("/v1/jobs", files={"photo": png(40, 30)}, data={"repair": "auto"}).json()["id"]
    assert len(asked | {bench.store.get(plain).asked()}) == 3


WRONG: dict[str, tuple[bytes, dict[str, str], str]] = {
    "another size": (png(40, 31), {}, "has 40 x 31 pixels and the photograph 40 x 30"),
    "no image": (b"Dear diary, " * 20, {}, "The repair mask cannot be used: "),
    "nothing": (b"", {}, "The repair mask cannot be used: "),
    "no repair": (png(40, 30), {"repair": "off"}, "send it with repair=auto"),
    "an unknown turn": (png(40, 30), {"turn": "auto"}, "send it with turn as a number"),
    "many pages": (png(40, 30), {"pages": "all"}, "send it with pages=first"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_mask_is_refused_with_a_sentence_and_leaves_nothing(
    client: TestClient, bench: Bench, case: str
) -> None:
    mask, fields, said = WRONG[case]
    response = send(client, png(40, 30), mask, **fields)
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (422, "mask-rejected")
    assert said in problem["detail"]
    assert bench.on_disk() == []
