"""The page sends what the scan is: one whose own colour stays, or a negative."""

import io
from typing import Any

import cv2
import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.browser import visit
from support.running import Service

SOON = 60_000


def tinted() -> dict[str, Any]:
    """A grey ramp whose right half somebody tinted."""
    ramp = np.tile(np.linspace(40, 200, 192), (256, 1)).T[..., None]
    picture = np.repeat(ramp, 3, axis=2)
    picture[:, 128:] *= [0.5, 0.7, 1.0]
    data = cv2.imencode(".png", picture.astype(np.uint8))[1].tobytes()
    return {"name": "print.png", "mimeType": "image/png", "buffer": data}


def make(page: Page, choice: str, version: int) -> None:
    """Make a version with this choice, and wait until it is shown."""
    page.get_by_label("The scan").select_option(label=choice)
    page.get_by_role("button", name="Make a new version").click()
    expect(page.get_by_role("button", name=f"Version {version}. In colour")).to_be_visible(timeout=SOON)
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible(timeout=SOON)


def picture_of(client: httpx.Client, job: dict[str, Any]) -> np.ndarray:
    return pixels(client.get(f"/v1/jobs/{job['id']}/result").content)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)


def test_own_colour_is_kept_and_a_negative_inverted_where_the_page_is_told(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        photo = tinted()
        visitor.choose(photo)
        scan = page.get_by_label("The scan")
        expect(scan).to_have_value("anew", timeout=SOON)
        expect(page.get_by_text("You have this version already.")).to_be_visible(timeout=SOON)
        make(page, "Keep the colour that is there", 2)
        expect(page.get_by_text("You have this version already.")).to_be_visible()
        make(page, "This is a negative", 3)
        expect(scan).to_have_value("negative")

    with running.client() as client:
        negative, kept, anew = client.get("/v1/jobs").json()["items"]
        asked = [
            [job["options"][name] for name in ("own_color", "negative")] for job in (negative, kept, anew)
        ]
        assert asked == [["anew", True], ["keep", False], ["anew", False]]
        source = pixels(photo["buffer"])
        # The tint, well inside of it.
        inside = np.s_[40:150, 160:230]
        assert np.abs(picture_of(client, kept)[inside] - source[inside]).mean() < 6
        assert np.abs(picture_of(client, anew)[inside] - source[inside]).mean() > 15
        # Dark above and light below in the scan; the other way around in its positive.
        for job, darker_above in ((anew, True), (negative, False)):
            rows = picture_of(client, job).mean(axis=(1, 2))
            assert (rows[20] < rows[170]) == darker_above
