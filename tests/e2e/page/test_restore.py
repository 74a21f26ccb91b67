"""The page restores: from the upload over the mask to the download."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.page.browser import visit
from support.servers.running import Service

SOON = 60_000


@pytest.fixture(scope="module")
def running(as_shipped: Service) -> Service:
    return as_shipped


def worn() -> dict[str, Any]:
    """A calm grey picture with a scratch and a speck."""
    plane = np.tile(np.linspace(90, 150, 320), (240, 1)).astype(np.uint8)
    plane[100:102, 40:200] = plane[40:44, 250:254] = 255
    return {"name": "lake.png", "mimeType": "image/png", "buffer": cv2.imencode(".png", plane)[1].tobytes()}


def paint(page: Page, places: list[tuple[int, int]]) -> None:
    """Draw from place to place, given in pixels of the photograph."""
    box = page.locator("canvas.guess").bounding_box()
    assert box is not None
    spots = [(box["x"] + x * box["width"] / 320, box["y"] + y * box["height"] / 240) for x, y in places]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots:
        page.mouse.move(*spot)
    page.mouse.up()


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

        # The speck is no damage after all, and a place that was not found is.
        page.get_by_role("button", name="Leave this").click()
        paint(page, [(251, 41)])
        page.get_by_role("button", name="Repair here").click()
        paint(page, [(60, 200), (64, 200)])
        page.get_by_role("group", name="Correct the repairs").get_by_role("button", name="Make").click()
        expect(repairs).to_be_hidden(timeout=SOON)
        expect(repairs).to_be_visible(timeout=SOON)
        repairs.click()
        expect(overlay).to_be_visible(timeout=SOON)
        corrected = [overlay.evaluate(marks, place) for place in ([101, 120], [41, 251], [200, 62])]
        assert corrected == [255, 0, 255]

        with page.expect_download() as started:
            page.get_by_role("link", name="Download", exact=True).click()
        found = np.asarray(Image.open(io.BytesIO(Path(started.value.path()).read_bytes())))
        assert np.ptp(found, axis=-1).max() == 0
        assert found[101, 120, 0] < 160
        assert found[41, 251, 0] == 255
        newest = running.client().get("/v1/jobs").json()["items"][0]
        assert newest["result"]["restoration"]["repairs"]["counts"]["scratch"] == 1
        assert newest["repair_mask"]["media_type"] == "image/png"
