"""The small pictures beside a result, through the real processes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.networks.tiny_model import light
from support.pictures.photographs import PHOTOS, grey_jpeg, slow_photograph
from support.servers.running import Service, service


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Service]:
    with service(data, **light()) as started:
        yield started


def tiff() -> bytes:
    buffer = io.BytesIO()
    with Image.open(PHOTOS / "astronaut.jpg") as photo:
        photo.convert("L").resize((1500, 1200)).save(buffer, "TIFF")
    return buffer.getvalue()


def fetch(running: Service, path: str) -> Image.Image:
    with running.client() as client:
        response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    picture = Image.open(io.BytesIO(response.content))
    assert picture.get_format_mimetype() == response.headers["content-type"]
    return picture


def test_a_tiff_can_be_looked_at_before_and_after(running: Service) -> None:
    job_id = running.upload(tiff())
    running.wait(job_id)
    after = fetch(running, f"/v1/jobs/{job_id}/preview")
    before = fetch(running, f"/v1/jobs/{job_id}/preview?of=original")
    assert after.size == before.size == (1024, 819)
    assert (after.mode, before.mode) == ("RGB", "L")
    difference = np.asarray(after.convert("L"), float) - np.asarray(before, float)
    assert np.abs(difference).mean() < 4
    confidence = fetch(running, f"/v1/jobs/{job_id}/confidence")
    assert confidence.mode == "L"
    assert confidence.width / confidence.height == pytest.approx(1500 / 1200, rel=0.2)


def test_what_there_is_not_is_said(running: Service) -> None:
    job_id = running.upload(grey_jpeg())
    running.wait(job_id)
    with running.client() as client:
        assert client.get(f"/v1/jobs/{job_id}/preview").status_code == 200
        # Browsers show a JPEG themselves.
        assert client.get(f"/v1/jobs/{job_id}/preview?of=original").status_code == 404
        assert client.get(f"/v1/jobs/{job_id}/preview?of=nothing").status_code == 422
        assert client.get("/v1/jobs/none/confidence").status_code == 404
        slow = running.upload(slow_photograph())
        answer = client.get(f"/v1/jobs/{slow}/confidence")
        assert answer.status_code == 409
        assert answer.json()["code"] == "result-not-ready"
        client.delete(f"/v1/jobs/{slow}")


def test_deleting_a_job_deletes_its_pictures(running: Service, data: Path) -> None:
    job_id = running.upload(tiff())
    running.wait(job_id)
    kept = [path for path in data.rglob("*") if job_id in path.as_posix() and path.is_file()]
    assert len(kept) == 5
    with running.client() as client:
        client.delete(f"/v1/jobs/{job_id}")
        assert client.get(f"/v1/jobs/{job_id}/preview").status_code == 404
    assert not [path for path in kept if path.exists()]
