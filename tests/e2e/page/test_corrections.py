"""What was done can be corrected: the map of repairs, how a photograph lies, versions, and what was stopped."""

import re
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, expect

from support.page.browser import findings, visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service

SOON = 30_000
PHONE = {"width": 390, "height": 844}
WIDTH, HEIGHT = 320, 240


def worn() -> dict[str, Any]:
    """A calm grey picture with a scratch."""
    plane = np.tile(np.linspace(90, 150, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    plane[100:102, 40:200] = 255
    return {"name": "lake.png", "mimeType": "image/png", "buffer": cv2.imencode(".png", plane)[1].tobytes()}


def grey(name: str, source: str = "cat.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": grey_jpeg(source, size=(96, 72))}


def open_map(page: Page) -> None:
    """Restore the photograph, and show the map of its repairs."""
    expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
    page.get_by_label("Steps", exact=True).select_option("restore")
    page.get_by_role("button", name="Make a new version").click()
    page.get_by_role("button", name="What was repaired").click(timeout=SOON)
    expect(page.get_by_role("group", name="Correct the repairs")).to_be_visible(timeout=SOON)


def marked(page: Page, x: int, y: int) -> bool:
    """Whether the map has a repair at this pixel of the photograph."""
    alpha = "(c, [x, y]) => c.getContext('2d').getImageData(x, y, 1, 1).data[3]"
    return bool(page.locator("canvas.guess").evaluate(alpha, [x, y]) > 128)


def spot(page: Page, x: int, y: int) -> tuple[float, float]:
    """Where a pixel of the photograph is on the screen."""
    box = page.locator("canvas.guess").bounding_box()
    assert box is not None
    return box["x"] + (x + 0.5) * box["width"] / WIDTH, box["y"] + (y + 0.5) * box["height"] / HEIGHT


def dab(page: Page, x: int, y: int) -> None:
    page.mouse.move(*spot(page, x, y))
    page.mouse.down()
    page.mouse.up()


def test_strokes_of_the_brush_are_undone_redone_cleared_and_last(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(worn())
        open_map(page)
        tools = page.get_by_role("group", name="Correct the repairs")
        make = tools.get_by_role("button", name="Make a new version")
        tools.get_by_role("button", name="Repair here").click()
        expect(make).to_be_disabled()
        dab(page, 60, 200)
        dab(page, 200, 200)
        assert [marked(page, x, 200) for x in (60, 130, 200)] == [True, False, True]
        assert findings(page) == []
        page.keyboard.press("Control+z")
        assert [marked(page, x, 200) for x in (60, 200)] == [True, False]
        page.keyboard.press("Control+Shift+z")
        assert marked(page, 200, 200)
        tools.get_by_role("button", name="Clear all corrections").click()
        assert [marked(page, x, y) for x, y in ((60, 200), (200, 200), (100, 100))] == [False, False, True]
        expect(make).to_be_disabled()
        tools.get_by_role("button", name="Undo").click()
        tools.get_by_role("button", name="Undo").click()
        assert [marked(page, x, 200) for x in (60, 200)] == [True, False]

        # A look at the picture without its map takes nothing away.
        shown = page.get_by_role("button", name="What was repaired")
        shown.click()
        expect(tools).to_be_hidden()
        shown.click()
        expect(tools).to_be_visible()
        assert marked(page, 60, 200)
        page.keyboard.press("Control+z")
        assert not marked(page, 60, 200)
        assert marked(page, 100, 100)


def test_the_brush_has_a_size_and_works_by_keyboard(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(worn())
        open_map(page)
        tools = page.get_by_role("group", name="Correct the repairs")
        tools.get_by_role("button", name="Repair here").click()
        stage = page.locator(".stage")
        expect(stage).to_be_focused()
        expect(stage).to_have_accessible_name(re.compile("Space puts it down"))
        expect(tools.get_by_text("By keyboard:")).to_be_visible()
        size = tools.get_by_label("Size")
        before = float(size.input_value())
        page.keyboard.press("]")
        assert float(size.input_value()) > before
        page.keyboard.press("[")
        page.keyboard.press("[")
        assert float(size.input_value()) < before
        # From the middle down, then to the right with the brush on the paper.
        for _ in range(3):
            page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Space")
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Space")
        page.keyboard.press("Shift+ArrowRight")
        middle = round(0.8 * HEIGHT)
        assert [marked(page, round(share * WIDTH), middle) for share in (0.45, 0.5, 0.65, 0.8, 0.88)] == [
            False,
            True,
            True,
            True,
            False,
        ]
        # One stroke is one step; Escape puts the brush away, and only then closes the photograph.
        page.keyboard.press("Control+z")
        assert not marked(page, round(0.5 * WIDTH), middle)
        page.keyboard.press("Escape")
        expect(tools.get_by_role("button", name="Repair here")).to_have_attribute("aria-pressed", "false")
        expect(stage).to_have_accessible_name(re.compile("Plus and minus zoom"))
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Photograph lake.png")).to_be_hidden()


def test_a_finger_paints_and_does_not_scroll_and_two_zoom(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, viewport=PHONE, has_touch=True, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(worn())
        open_map(page)
        page.get_by_role("button", name="Repair here").tap()
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        scrolled = page.locator(".viewer").evaluate("viewer => viewer.scrollTop")
        x, y = spot(page, 160, 200)
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x, y - 10 * step))
        touch("touchEnd")
        assert page.locator(".viewer").evaluate("viewer => viewer.scrollTop") == scrolled
        assert marked(page, 160, 170)
        # What the first finger of two has painted is no stroke.
        width = page.locator("canvas.guess").bounding_box()
        a, b = spot(page, 60, 200), spot(page, 90, 200)
        touch("touchStart", a)
        touch("touchStart", a, b)
        touch("touchMove", (a[0] - 40, a[1]), (b[0] + 40, b[1]))
        touch("touchEnd")
        wider = page.locator("canvas.guess").bounding_box()
        assert width is not None
        assert wider is not None
        assert wider["width"] > 1.2 * width["width"]
        assert not marked(page, 60, 200)


def shape(page: Page) -> float:
    """Width by height of the photograph as it is shown."""
    box = page.locator(".right .frame img").bounding_box()
    assert box is not None
    return box["width"] / box["height"]


def test_a_turn_is_made_beside_the_photograph_and_seen_at_once(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(worn())
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        for width in (1440, 1024, 390):
            page.set_viewport_size({"width": width, "height": 844})
            for name in ("Turn left", "Turn right", "Mirror"):
                expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
        page.set_viewport_size({"width": 1280, "height": 800})
        assert shape(page) > 1.3
        jobs = len(running.client().get("/v1/jobs").json()["items"])
        page.get_by_role("button", name="Turn left").click()
        assert shape(page) < 0.8
        expect(page.get_by_text("turned by 270°", exact=True)).to_be_visible()
        assert findings(page) == []
        page.get_by_role("button", name="Cancel").click()
        assert shape(page) > 1.3
        expect(page.get_by_role("button", name="Apply")).to_be_hidden()
        for name in ("Mirror", "Turn left", "Turn left", "Turn left"):
            page.get_by_role("button", name=name).click()
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        expect(page.get_by_role("button", name="Apply")).to_be_hidden()
        assert shape(page) < 0.8
        made, *others = running.client().get("/v1/jobs").json()["items"]
        # All turns together are one job; what is mirrored turns left where the scan turns right.
        assert len(others) == jobs
        assert (made["options"]["turn"], made["options"]["mirror"]) == (270, True)
        page.get_by_role("button", name="Version 1.").click()
        expect(page.get_by_role("button", name="Mirror")).to_have_attribute("aria-pressed", "false")
        assert shape(page) > 1.3


def test_one_version_is_deleted_and_the_others_stay(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(grey("one of two.jpg"))
        expect(page.get_by_role("button", name="Version 1. In colour")).to_be_visible(timeout=SOON)
        remove = page.get_by_role("button", name="Delete this version")
        expect(remove).to_be_hidden()
        page.get_by_role("button", name="Vivid", exact=True).click()
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        newest = running.client().get("/v1/jobs").json()["items"][0]
        remove.click()
        ask = page.get_by_role("dialog", name="Delete version 2?")
        assert findings(page) == []
        ask.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("button", name="Version 2.")).to_be_visible()
        remove.click()
        ask.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("button", name="Version 2.")).to_have_count(0)
        expect(page.get_by_role("button", name="Version 1.")).to_be_focused()
        expect(remove).to_be_hidden()
        assert running.client().get(f"/v1/jobs/{newest['id']}").status_code == 404
        # A late answer about what is gone does not take the rest with it.
        page.evaluate(
            """async () => {
              const own = (name) => import(new URL(name, document.querySelector('script[type=module]').src));
              const { all, dropVersion } = await own("photos/photos.js");
              dropVersion(all()[0], { key: "gone", job: "gone" });
            }"""
        )
        page.reload()
        expect(page.get_by_role("button", name="Version 1. In colour")).to_be_visible(timeout=SOON)


def test_what_was_stopped_is_said_so_and_goes_on_and_a_reload_keeps_the_view(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, expect=(503,), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(grey("a.jpg"), grey("b.jpg", "coffee.jpg"))
        expect(page.locator(".card[data-state=succeeded]").filter(has_text="b.jpg")).to_be_visible(
            timeout=SOON
        )
        stopped = page.get_by_role("radio", name=re.compile("^Stopped"))
        expect(stopped).to_be_hidden()
        # The service has no room, so that there is time to change one's mind.
        full = {"status": 503, "code": "queue-full", "detail": "The queue is full."}
        page.route("**/v1/jobs", lambda route: route.fulfill(status=503, json=full))
        visitor.choose(grey("c.jpg", "camera.jpg"), grey("d.jpg", "rocket.jpg"))
        card = page.locator(".card").filter(has_text="c.jpg")
        card.hover()
        page.get_by_role("button", name="Stop c.jpg").click()
        page.unroute("**/v1/jobs")
        expect(card).to_contain_text("Stopped")
        expect(page.get_by_text("Failed 0")).to_be_visible()
        expect(stopped).to_be_attached()
        assert findings(page) == []
        page.get_by_text("Stopped 1").click()
        expect(page.locator(".card")).to_have_count(1)
        card.locator(".card-open").click()
        expect(page.locator(".work-words")).to_have_text("Stopped")
        page.get_by_role("button", name="Go on", exact=True).click()
        expect(page.get_by_role("button", name="Version 1. In colour")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Back to all photographs").click()
        expect(page.get_by_text("Nothing is stopped.")).to_be_visible()

        page.get_by_text(re.compile("^In colour")).click()
        page.get_by_role("button", name="Select", exact=True).click()
        page.get_by_label("Select c.jpg").click()
        page.get_by_label("Select a.jpg").click()
        page.reload()
        expect(page.get_by_text("2 selected")).to_be_visible()
        expect(page.get_by_label("Select c.jpg")).to_be_checked()
        expect(page.get_by_role("radio", name=re.compile("^In colour"))).to_be_checked()
        # Another tab begins anew.
        other = page.context.new_page()
        other.goto(running.url)
        expect(other.get_by_role("radio", name=re.compile("^All"))).to_be_checked()
        other.close()
