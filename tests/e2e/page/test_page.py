"""The page as a visitor has it: Debian's Chromium against the real service."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from support.page.browser import Visit, visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service

SOON = 30_000


@pytest.fixture
def empty(running: Service) -> Service:
    """The module's service with nothing in it: the page shows whatever the service holds."""
    with running.client() as client:
        for job in client.get("/v1/jobs", params={"limit": 200}).json()["items"]:
            client.delete(f"/v1/jobs/{job['id']}")
    return running


def photo(name: str = "lake.jpg", source: str = "astronaut.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": grey_jpeg(source)}


def text_file(name: str = "letter.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": b"Dear diary, " * 20}


def card(page: Page, name: str) -> Any:
    return page.get_by_role("listitem").filter(has_text=name)


def in_colour(page: Page, name: str) -> None:
    expect(card(page, name)).to_have_attribute("data-state", "succeeded", timeout=SOON)


def slider(page: Page) -> Any:
    return page.get_by_role("slider", name="Compare before and after")


def download(page: Page, click: Any) -> tuple[str, bytes]:
    with page.expect_download() as started:
        click()
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def test_one_photograph_from_the_first_look_to_the_download(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        visitor.choose(photo())
        # A single photograph opens by itself, with its progress, then the divider.
        expect(page.get_by_role("dialog", name="Photograph lake.jpg")).to_be_visible()
        expect(slider(page)).to_be_visible(timeout=SOON)
        name, content = download(page, page.get_by_role("link", name="Download", exact=True).click)
        [job] = empty.client().get("/v1/jobs").json()["items"]
        assert content == empty.result(job["id"])
        assert name == job["result"]["name"]


def test_the_divider_by_keyboard(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(slider(page)).to_have_attribute("aria-valuenow", "50", timeout=SOON)
        slider(page).focus()
        for key, value in (
            ("ArrowRight", 52),
            ("PageDown", 42),
            ("Shift+ArrowLeft", 32),
            ("Home", 0),
            ("End", 100),
        ):
            page.keyboard.press(key)
            expect(slider(page)).to_have_attribute("aria-valuenow", str(value))
        expect(slider(page)).to_have_attribute("aria-valuetext", "100 % Original, 0 % Version 1")


def pixel_width(page: Page) -> float:
    return float(page.locator(".left .frame").evaluate("frame => frame.getBoundingClientRect().width"))


def test_the_divider_by_mouse_then_zoom_and_pan_at_full_size(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(slider(page)).to_be_visible(timeout=SOON)
        stage = page.locator(".stage")
        frame = page.locator(".left .frame").bounding_box()
        middle = frame["y"] + frame["height"] / 2
        page.mouse.move(frame["x"] + frame["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(frame["x"] + frame["width"] / 4, middle, steps=4)
        page.mouse.up()
        expect(slider(page)).to_have_attribute("aria-valuenow", re.compile("2[3-7]"))

        page.get_by_role("button", name=re.compile("Full size")).click()
        assert pixel_width(page) == 512
        stage.focus()
        for _ in range(6):
            page.keyboard.press("+")
        assert pixel_width(page) == pytest.approx(512 * 1.4**6, rel=0.01)
        left_of = "frame => frame.getBoundingClientRect().left"
        before = page.locator(".left .frame").evaluate(left_of)
        page.keyboard.press("ArrowRight")
        after = page.locator(".left .frame").evaluate(left_of)
        assert after < before
        assert page.locator(".right .frame").evaluate(left_of) == after
        page.keyboard.press("0")
        assert pixel_width(page) == frame["width"]


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """Send fingers to the browser, as a touch screen does."""
    places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


def test_one_finger_moves_the_divider_and_two_zoom(chromium: Browser, empty: Service) -> None:
    phone = {"width": 390, "height": 800}
    with visit(chromium, empty.url, viewport=phone, has_touch=True, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(slider(page)).to_be_visible(timeout=SOON)
        box = page.locator(".left .frame").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 4
        fingers = page.context.new_cdp_session(page)
        touch(fingers, "touchStart", (x, y))
        for step in range(1, 11):
            touch(fingers, "touchMove", (x + step * box["width"] / 40, y))
        touch(fingers, "touchEnd")
        expect(slider(page)).to_have_attribute("aria-valuenow", re.compile("7[2-8]"))

        before = pixel_width(page)
        touch(fingers, "touchStart", (x - 20, y), (x + 20, y))
        for step in range(1, 11):
            touch(fingers, "touchMove", (x - 20 - 4 * step, y), (x + 20 + 4 * step, y))
        touch(fingers, "touchEnd")
        assert pixel_width(page) == pytest.approx(3 * before, rel=0.1)


def test_a_bad_file_is_said_beside_it_and_the_others_go_on(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, expect=(415,), reduced_motion="reduce") as visitor:
        page = visitor.page
        cut = {**photo("cut.jpg"), "buffer": grey_jpeg()[:400]}
        visitor.choose(photo("good.jpg"), text_file("letter.jpg"), cut)
        in_colour(page, "good.jpg")
        for name in ("letter.jpg", "cut.jpg"):
            expect(card(page, name)).to_have_attribute("data-state", "failed", timeout=SOON)
            sentence = card(page, name).locator(".failure").text_content()
            assert sentence
            assert sentence.endswith(".")
        expect(page.get_by_text("Failed 2")).to_be_visible()
        page.get_by_text("Failed 2").click()
        expect(page.get_by_role("listitem")).to_have_count(2)
        card(page, "letter.jpg").hover()
        page.get_by_role("button", name="Try letter.jpg again").click()
        expect(card(page, "letter.jpg")).to_have_attribute("data-state", "failed", timeout=SOON)
        page.get_by_role("button", name="Delete letter.jpg").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(card(page, "letter.jpg")).to_have_count(0)


def test_versions_are_made_compared_chosen_and_kept_over_a_reload(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(slider(page)).to_be_visible(timeout=SOON)
        expect(page.get_by_role("button", name="Make a new version")).to_be_disabled()
        page.get_by_role("button", name="Vivid").click()
        page.get_by_label("Strength").focus()
        page.keyboard.press("ArrowLeft")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        newest, first = empty.client().get("/v1/jobs").json()["items"]
        assert newest["options"] == {**first["options"], "vividness": 1, "strength": 0.99}

        page.get_by_label("Compare with").select_option("Version 1")
        expect(slider(page)).to_have_attribute("aria-valuetext", "50 % Version 1, 50 % Version 2")
        page.get_by_role("button", name="Version 1. In colour").click()
        page.get_by_role("button", name="Keep this one as the best").click()
        expect(page.get_by_role("button", name="Version 1. In colour. Kept as the best")).to_be_visible()

        page.wait_for_timeout(300)  # what the page keeps, it keeps 150 ms after the change
        page.reload()
        expect(page.get_by_role("button", name="Version 1. In colour. Kept as the best")).to_be_visible(
            timeout=SOON
        )
        _, content = download(page, page.get_by_role("link", name="Download", exact=True).click)
        assert content == empty.result(first["id"])
        page.get_by_role("button", name="Back to all photographs").click()
        expect(card(page, "lake.jpg")).to_contain_text("2 versions")


def test_two_browsers_see_what_the_service_holds(chromium: Browser, empty: Service) -> None:
    job_id = empty.upload(grey_jpeg())
    empty.wait(job_id)
    with visit(chromium, empty.url) as visitor:
        page = visitor.page
        in_colour(page, "grey.jpg")
        page.get_by_role("button", name="grey.jpg. In colour").click()
        expect(slider(page)).to_be_visible(timeout=SOON)
        page.keyboard.press("Escape")
        with empty.client() as client:
            client.delete(f"/v1/jobs/{job_id}")
        page.reload()
        expect(page.get_by_role("heading", level=1, name="Old photographs")).to_be_visible()


def test_by_keyboard_alone(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*(photo(f"{n}.jpg") for n in range(3)))
        in_colour(page, "2.jpg")
        in_colour(page, "0.jpg")
        first = page.get_by_role("button", name="0.jpg. In colour")
        first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("button", name="1.jpg. In colour")).to_be_focused()
        page.keyboard.press("End")
        expect(page.get_by_role("button", name="2.jpg. In colour")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Photograph 2.jpg")).to_be_visible()
        expect(slider(page)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="2.jpg. In colour")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Download 2.jpg")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Keep").press("Enter")
        expect(card(page, "2.jpg")).to_be_visible()


def dropped(page: Page, files: list[tuple[str, bytes]]) -> None:
    """Drop them as the desktop would."""
    page.evaluate(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, bytes] of files) {
                transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
            }
            const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
            for (const type of ["dragenter", "dragover", "drop"]) {
                document.body.dispatchEvent(new DragEvent(type, how));
            }
        }""",
        [[name, list(content)] for name, content in files],
    )


def test_dropped_and_pasted_photographs_are_taken(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        dropped(page, [("a.jpg", grey_jpeg(size=(64, 48))), ("b.jpg", grey_jpeg(size=(48, 64)))])
        in_colour(page, "a.jpg")
        in_colour(page, "b.jpg")
        page.evaluate(
            """bytes => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
                document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
            }""",
            list(grey_jpeg(size=(32, 32))),
        )
        expect(page.get_by_role("dialog", name="Photograph pasted-1.png")).to_be_visible()
        expect(slider(page)).to_be_visible(timeout=SOON)


def test_selected_results_come_as_one_zip(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo("same.jpg"), photo("other.jpg", "cat.jpg"))
        in_colour(page, "same.jpg")
        in_colour(page, "other.jpg")
        visitor.choose(photo("same.jpg", "coffee.jpg"))
        expect(slider(page)).to_be_visible(timeout=SOON)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Select", exact=True).click()
        page.get_by_role("button", name="Select all").click()
        expect(page.get_by_text("3 selected")).to_be_visible()
        _, content = download(page, page.get_by_role("button", name="Download as zip").click)
        jobs = empty.client().get("/v1/jobs").json()["items"]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            assert sorted(archive.namelist()) == ["other.jpg", "same (2).jpg", "same.jpg"]
            packed = {archive.read(name) for name in archive.namelist()}
        assert packed == {empty.result(job["id"]) for job in jobs}
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(card(page, ".jpg")).to_have_count(0)  # a card goes once the service has answered
        assert empty.client().get("/v1/jobs").json()["items"] == []


def fits(visitor: Visit) -> None:
    overflow = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_nothing_sticks_out_at_360_px(chromium: Browser, empty: Service) -> None:
    narrow = {"width": 360, "height": 740}
    with visit(chromium, empty.url, viewport=narrow, has_touch=True, expect=(415,)) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        fits(visitor)
        visitor.choose(photo("a-photograph-with-an-extraordinarily-long-name.jpg"), text_file())
        expect(page.get_by_text("In colour 1")).to_be_visible(timeout=SOON)
        fits(visitor)
        page.get_by_role("button", name="Select", exact=True).click()
        fits(visitor)
        page.get_by_role("button", name="Done selecting").click()
        page.get_by_role("button", name=re.compile("^a-photograph")).click()
        expect(slider(page)).to_be_visible(timeout=SOON)
        assert page.locator(".viewer").evaluate("viewer => viewer.scrollWidth - viewer.clientWidth") <= 0


def test_offline_is_said_and_passes(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.context.set_offline(True)
        visitor.choose(photo())
        expect(page.get_by_text("Nothing is lost")).to_be_attached(timeout=SOON)
        page.context.set_offline(False)
        expect(slider(page)).to_be_visible(timeout=SOON)
        expect(page.get_by_text("Nothing is lost")).to_be_hidden(timeout=10_000)


def test_a_version_has_the_light_that_the_eye_saw(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(slider(page)).to_be_visible(timeout=SOON)
        light = page.get_by_label("Film and light", exact=True)
        expect(light).to_have_value("as-scanned")
        light.select_option("blue")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        newest, first = empty.client().get("/v1/jobs").json()["items"]
        assert newest["options"] == {**first["options"], "light": "panchromatic", "film": "blue"}
        assert newest["film"] == {"film": "blue", "weights": [0.02, 0.11, 0.87], "chosen_by": "caller"}
        assert first["film"] is None
        assert empty.result(newest["id"]) != empty.result(first["id"])

        expect(page.get_by_role("button", name="Make a new version")).to_be_disabled()
        light.select_option("old")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 3. In colour")).to_be_visible(timeout=SOON)
        old = empty.client().get("/v1/jobs").json()["items"][0]
        assert old["options"] == {**first["options"], "film": "blue"}
        expect(page.get_by_role("button", name="Make a new version")).to_be_disabled()
        light.select_option("orthochromatic")
        expect(page.get_by_role("button", name="Make a new version")).to_be_enabled()
        page.wait_for_timeout(300)  # what the page keeps, it keeps 150 ms after the change
        page.reload()
        expect(light).to_have_value("old", timeout=SOON)
