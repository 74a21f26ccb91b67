"""The page gives a photograph's own light back."""

import io
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image
from playwright.sync_api import Browser, expect

from support.page.browser import visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service


def test_the_light_of_the_scan_is_saved_and_no_job_stays(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose({"name": "lake.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg()})
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=30_000)
        page.get_by_text("Details", exact=True).click()
        with page.expect_download() as started:
            page.get_by_role("button", name="Save without colour").click()
        saved = Path(started.value.path()).read_bytes()
        assert started.value.suggested_filename == "lake.jpg"
        expect(page.get_by_role("button", name="Save without colour")).to_be_enabled()
    with Image.open(io.BytesIO(saved)) as image:
        assert image.mode == "L"
    np.testing.assert_array_equal(
        simplejpeg.decode_jpeg(saved, "GRAY"), simplejpeg.decode_jpeg(grey_jpeg(), "GRAY")
    )
    assert len(running.client().get("/v1/jobs").json()["items"]) == 1
