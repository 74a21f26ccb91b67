"""The way of one photograph, from the upload to the download, through the real processes."""

import io

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from support.pictures.photographs import PHOTOS, grey_jpeg
from support.servers.running import Service


@pytest.fixture(scope="module")
def running(as_shipped: Service) -> Service:
    return as_shipped


def luma(jpeg: bytes) -> np.ndarray:
    return simplejpeg.decode_jpeg(jpeg, "gray")[..., 0]


def test_a_grey_photograph_comes_back_in_colour_at_its_size_and_with_its_luma(running: Service) -> None:
    photo = grey_jpeg()
    job_id = running.upload(photo)
    job = running.wait(job_id)
    result = running.result(job_id)

    with Image.open(io.BytesIO(photo)) as before, Image.open(io.BytesIO(result)) as after:
        assert after.format == "JPEG"
        assert after.size == before.size
        assert after.mode == "RGB"
        chroma = np.ptp(np.asarray(after.convert("RGB"), np.int16), axis=-1)
    np.testing.assert_array_equal(luma(result), luma(photo))
    assert chroma.mean() > 5
    assert (job["result"]["width"], job["result"]["height"]) == before.size
    assert job["model"]["name"]
    assert job["provider"] == "CPUExecutionProvider"
    assert set(job["timings"]) >= {"decode", "predict", "upsample", "encode"}


def test_the_same_upload_and_options_give_the_same_bytes(running: Service) -> None:
    photo = grey_jpeg("cat.jpg")
    first, second = (running.upload(photo, vividness=1) for _ in range(2))
    running.wait(first)
    running.wait(second)
    assert running.result(first) == running.result(second)


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("empty.jpg", b"", 422),
        ("notes.txt", b"Dear diary, " * 20, 415),
        ("paper.pdf", b"%PDF-1.7\n" + bytes(200), 415),
    ],
)
def test_bad_uploads_get_a_sentence_and_the_next_photograph_still_works(
    running: Service, name: str, content: bytes, status: int
) -> None:
    with running.client() as client:
        response = client.post("/v1/jobs", files={"photo": (name, content)})
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json()["detail"].endswith(".")
    running.wait(running.upload(grey_jpeg()))


def test_a_truncated_photograph_fails_with_a_sentence(running: Service) -> None:
    photo = grey_jpeg()
    with running.client() as client:
        response = client.post("/v1/jobs", files={"photo": ("cut.jpg", photo[:200])})
    if response.status_code == 202:
        job = running.wait(response.json()["id"], state="failed")
        problem = job["error"]
    else:
        assert response.status_code == 422
        problem = response.json()
    assert problem["code"] == "unreadable-photo"
    assert problem["detail"].endswith(".")


def test_deleting_one_of_two_equal_jobs_leaves_the_other_whole(running: Service) -> None:
    photo = grey_jpeg("rocket.jpg")
    first, second = (running.upload(photo) for _ in range(2))
    running.wait(first)
    running.wait(second)
    with running.client() as client:
        assert client.delete(f"/v1/jobs/{first}").status_code == 204
    assert running.result(second)


def test_deleting_a_job_leaves_nothing(running: Service) -> None:
    job_id = running.upload(grey_jpeg())
    running.wait(job_id)
    with running.client() as client:
        assert client.delete(f"/v1/jobs/{job_id}").status_code == 204
        assert client.get(f"/v1/jobs/{job_id}").status_code == 404
        assert client.get(f"/v1/jobs/{job_id}/result").status_code == 404


def test_a_raw_body_does_as_well_as_a_form(running: Service) -> None:
    with running.client() as client, (PHOTOS / "coffee.jpg").open("rb") as photo:
        response = client.post(
            "/v1/jobs", params={"format": "png"}, content=photo.read(), headers={"Content-Type": "image/jpeg"}
        )
    assert response.status_code == 202
    running.wait(response.json()["id"])
    assert running.result(response.json()["id"]).startswith(b"\x89PNG")
