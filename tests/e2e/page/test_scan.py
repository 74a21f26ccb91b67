"""The page sends what the scan is: one whose own colour stays, a negative, or one that lies on its side."""

import io
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.page.browser import visit
from support.pictures.photographs import PHOTOS, masked
from support.servers.running import Service
from support.waiting import wait_for

SOON = 60_000


@pytest.fixture(scope="module")
def running(as_shipped: Service) -> Service:
    return as_shipped


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


def test_a_scan_is_turned_and_mirrored_and_hints_stay_on_their_spots(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        photo = tinted()
        visitor.choose(photo)
        expect(page.get_by_text("You have this version already.")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Mirror").click()
        for _ in range(3):
            page.get_by_role("button", name="Turn left").click()
        page.get_by_role("button", name="Turn right").click()
        expect(page.get_by_text("turned by 180°, mirrored")).to_be_visible()
        page.get_by_role("button", name="Turn left").click()
        # What is seen mirrored turns left where the scan turns right.
        expect(page.get_by_text("turned by 270°, mirrored", exact=True)).to_be_visible()
        straighten = page.get_by_role("button", name="Straighten")
        straighten.click()
        expect(page.get_by_text("turned by 270°, mirrored, straightened", exact=True)).to_be_visible()
        expect(straighten).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        sides = "[...document.querySelectorAll('.stage img')].map((image) => image.naturalWidth / image.naturalHeight)"
        wait_for(lambda: [side < 1 for side in page.evaluate(sides)] == [True, True], 60, "both sides turned")
        there, back = page.evaluate(
            """async () => {
              const { moved } = await import("./web/viewer/places.js");
              const [plain, turned] = [{ options: {} }, { options: { turn: 270, mirror: true } }];
              const there = moved([{ x: 0.1, y: 0.3, a: 5 }], plain, turned);
              return [there, moved(there, turned, plain)];
            }"""
        )
    with running.client() as client:
        turned, plain = client.get("/v1/jobs").json()["items"]
        assert [turned["options"][name] for name in ("turn", "mirror", "deskew")] == [270, True, "auto"]
        assert turned["result"]["restoration"]["turning"] == {
            "turn": 270,
            "mirror": True,
            "chosen_by": "caller",
            "sureness": None,
        }
        source, found = pixels(photo["buffer"]), picture_of(client, turned)
        wanted = np.rot90(source)[:, ::-1]
        for job in (turned, plain):
            client.delete(f"/v1/jobs/{job['id']}")
        assert found.shape == wanted.shape
        assert np.corrcoef(found.mean(axis=2).ravel(), wanted.mean(axis=2).ravel())[0, 1] > 0.99
    # A mark on the spot lies there in the turned picture.
    marks = np.zeros((100, 100))
    marks[30, 10] = 1
    (y,), (x,) = np.nonzero(np.rot90(marks)[:, ::-1])
    assert abs(there[0]["x"] - (x + 0.5) / 100) < 0.011
    assert abs(there[0]["y"] - (y + 0.5) / 100) < 0.011
    assert there[0]["a"] == 5
    assert abs(back[0]["x"] - 0.1) + abs(back[0]["y"] - 0.3) < 1e-9


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


def rocket(negative: bool) -> dict[str, Any]:
    """A photograph, or its colour negative."""
    with Image.open(PHOTOS / "rocket.jpg") as photo:
        rgb = np.asarray(photo.convert("RGB").resize((320, 240)))
    data = cv2.imencode(".png", (masked(rgb) if negative else rgb)[..., ::-1])[1].tobytes()
    return {"name": "film.png" if negative else "print.png", "mimeType": "image/png", "buffer": data}


def test_a_colour_negative_is_told_where_the_page_asks(chromium: Browser, running: Service) -> None:
    found = {}
    for photo in (rocket(negative=True), rocket(negative=False)):
        with visit(chromium, running.url, reduced_motion="reduce") as visitor:
            page = visitor.page
            visitor.choose(photo)
            expect(page.get_by_text("You have this version already.")).to_be_visible(timeout=SOON)
            make(page, "Invert it if it is a colour negative", 2)
            expect(page.get_by_label("The scan")).to_have_value("auto")
            expect(page.get_by_text("You have this version already.")).to_be_visible()
        job = running.client().get("/v1/jobs").json()["items"][0]
        assert job["options"]["negative"] == "auto"
        found[photo["name"]] = (job["result"]["restoration"] or {}).get("inversion")
    assert found == {"film.png": {"chosen_by": "mask"}, "print.png": None}


def test_a_scan_on_its_side_is_turned_by_itself_where_the_page_asks(
    chromium: Browser, running: Service
) -> None:
    with Image.open(PHOTOS / "astronaut.jpg") as portrait:
        lying = np.rot90(np.asarray(portrait.convert("L").crop((0, 0, 480, 400))), -1)
    photo = {
        "name": "lying.png",
        "mimeType": "image/png",
        "buffer": cv2.imencode(".png", lying)[1].tobytes(),
    }
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo)
        expect(page.get_by_text("You have this version already.")).to_be_visible(timeout=SOON)
        upright = page.get_by_role("button", name="Turn upright")
        upright.click()
        expect(upright).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text("turned upright", exact=True)).to_be_visible()
        # A turn by hand takes its place, and it that of a turn by hand.
        page.get_by_role("button", name="Turn right").click()
        expect(page.get_by_text("turned by 90°", exact=True)).to_be_visible()
        expect(upright).to_have_attribute("aria-pressed", "false")
        upright.click()
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        # Asked once more, it is the same; by hand it is as it was found.
        expect(page.get_by_text("You have this version already.")).to_be_visible()
        page.get_by_role("button", name="Version 1.").click()
        page.get_by_role("button", name="Version 2.").click()
        shape = "[...document.querySelectorAll('.stage img')].map((image) => image.naturalWidth > image.naturalHeight)"
        wait_for(lambda: page.evaluate(shape) == [True, True], 60, "both sides upright")
    job = running.client().get("/v1/jobs").json()["items"][0]
    assert job["options"]["turn"] == "auto"
    assert job["result"]["restoration"]["turning"]["turn"] == 270


def test_where_the_machine_guessed_and_a_tiff_that_browsers_cannot_show(
    chromium: Browser, running: Service
) -> None:
    """A map of its own for each photograph: of a real network."""
    buffer = io.BytesIO()
    with Image.open(PHOTOS / "astronaut.jpg") as source:
        source.convert("L").resize((1400, 1400)).save(buffer, "TIFF")
    scan = {"name": "scan.tif", "mimeType": "image/tiff", "buffer": buffer.getvalue()}
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(scan)
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        expect(page.get_by_text("Reduced view")).to_be_visible()
        guess = page.get_by_role("button", name="Where the machine guessed")
        guess.click()
        expect(guess).to_have_attribute("aria-pressed", "true")
        overlay = page.locator("canvas.guess")
        expect(overlay).to_be_visible()
        alphas = overlay.evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 == 3)"
        )
        assert len(set(alphas)) > 10
        guess.click()
        expect(overlay).to_be_hidden()
