"""The page restores: from the upload over the mask to the download."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, expect

from support.browser import visit
from support.running import Service

SOON = 60_000


def worn() -> dict[str, Any]:
    """A calm grey picture with a scratch and a speck."""
    plane = np.tile(np.linspace(90, 150, 320), (240, 1)).astype(np.uint8)
    plane[100:102, 40:200] = plane[40:44, 250:254] = 255
    return {"name": "lake.png", "mimeType": "image/png", "buffer": cv2.imencode(".png", plane)[1].tobytes()}


def test_a_photograph_is_restored_without_colour_and_the_page_shows_what_was_repaired(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(worn())
        steps = page.get_by_label("Steps", exact=True)
        expect(steps).to_have_value("color", timeout=SOON)
        steps.select_option("restore")
        page.get_by_role("button", name="Make a new version").click()
        repairs = page.get_by_role("button", name="What was repaired")
        expect(repairs).to_be_visible(timeout=SOON)
        expect(page.get_by_role("button", name="Where the machine guessed")).to_be_hidden()
        repairs.click()
        overlay = page.locator("canvas.guess")
        expect(overlay).to_be_visible(timeout=SOON)
        marks = "(c, [y, x]) => c.getContext('2d').getImageData(x, y, 1, 1).data[3]"
        marked = [overlay.evaluate(marks, place) for place in ([101, 120], [41, 251], [200, 100])]
        assert marked == [255, 255, 0]

        with page.expect_download() as started:
            page.get_by_role("link", name="Download", exact=True).click()
        found = np.asarray(Image.open(io.BytesIO(Path(started.value.path()).read_bytes())))
        assert np.ptp(found, axis=-1).max() == 0
        assert found[101, 120, 0] < 160
        newest = running.client().get("/v1/jobs").json()["items"][0]
        assert newest["result"]["restoration"]["repairs"]["counts"] == {"scratch": 1, "speck": 1}
