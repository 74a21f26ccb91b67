"""Colour hints and a lent palette on the page, from the first click to the version that was made with them."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from photochrom import color
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.page.browser import findings, visit
from support.pictures.photographs import PHOTOS, grey_jpeg
from support.servers.ports import free_port
from support.servers.running import Service, service

SOON = 30_000
QUIET = {"reduced_motion": "reduce"}
START, DONE = "Give hints", "Done giving hints"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose model takes hints and palettes, and shows that it does."""
    model = tmp_path_factory.mktemp("model") / "able.onnx"
    model.write_bytes(tiny_model(ABLE_CARD))
    with service(tmp_path_factory.mktemp("service"), PHOTOCHROM_MODEL_PATH=str(model)) as started:
        yield started


@pytest.fixture
def empty(running: Service) -> Service:
    with running.client() as client:
        for job in client.get("/v1/jobs", params={"limit": 200}).json()["items"]:
            client.delete(f"/v1/jobs/{job['id']}")
    return running


def photo(name: str = "lake.jpg") -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": grey_jpeg()}


def opened(visitor: Any) -> Page:
    """Choose a photograph; it opens by itself. Return the page when it is in colour."""
    visitor.choose(photo())
    expect(visitor.page.get_by_role("slider", name="Compare")).to_be_visible(timeout=SOON)
    return visitor.page  # type: ignore[no-any-return]


def click_at(page: Page, x: float, y: float) -> None:
    """Click on a spot of the photograph, given as shares of its sides."""
    box = page.locator(".right .frame").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def markers(page: Page) -> Any:
    return page.locator(".marker:visible")


def newest(running: Service) -> dict[str, Any]:
    with running.client() as client:
        return dict(client.get("/v1/jobs").json()["items"][0])


def ab_at(running: Service, job: str, x: float, y: float) -> np.ndarray:
    """The mean colour of the result around a spot."""
    with Image.open(io.BytesIO(running.result(job))) as image:
        lab = color.lab(np.asarray(image.convert("RGB")) / 255)
    row, column = int(y * lab.shape[0]), int(x * lab.shape[1])
    return np.asarray(lab[row - 4 : row + 4, column - 4 : column + 4, 1:].mean((0, 1)))


def version(page: Page, number: int) -> Any:
    return page.get_by_role("button", name=f"Version {number}. In colour")


def test_a_hint_from_the_click_to_the_colour_and_over_a_reload(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        first = newest(empty)["id"]
        page.get_by_role("button", name=START).click()
        upright = page.get_by_role("button", name="Turn upright")
        upright.click()
        click_at(page, 0.25, 0.4)
        expect(markers(page)).to_have_count(1)
        # A spot needs to know which side is up.
        expect(upright).to_be_disabled()
        expect(upright).to_have_attribute("aria-pressed", "false")
        likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
        expect(likely.first).to_be_visible(timeout=SOON)
        expect(likely.first).to_be_focused()
        # The likeliest ones are the model's; any other can be had from the field.
        page.locator(".field").click(position={"x": 150, "y": 60})
        expect(page.get_by_role("slider", name="Hue")).to_have_attribute(
            "aria-valuetext", re.compile("red|orange|pink")
        )
        page.get_by_role("button", name="Try these hints").click()
        expect(version(page, 2)).to_be_visible(timeout=SOON)
        job = newest(empty)
        [hint] = job["options"]["hints"]
        assert (hint["x"], hint["y"]) == pytest.approx((0.25, 0.4), abs=0.01)
        before, after = (ab_at(empty, each, 0.25, 0.4) for each in (first, job["id"]))
        wanted = np.array([hint["a"], hint["b"]])
        assert np.linalg.norm(after - wanted) < np.linalg.norm(before - wanted) / 2
        assert np.linalg.norm(ab_at(empty, job["id"], 0.8, 0.8) - ab_at(empty, first, 0.8, 0.8)) < 1
        expect(page.get_by_role("button", name="Try these hints")).to_be_disabled()
        # The way back is open still.
        for _ in range(2):
            page.get_by_role("button", name="Undo").click()
        expect(markers(page)).to_have_count(0)

        page.wait_for_timeout(300)  # what the page keeps, it keeps 150 ms after the change
        page.reload()
        version(page, 2).click()
        expect(page.get_by_role("button", name="Remove hint 1")).to_be_visible(timeout=SOON)
        version(page, 1).click()
        expect(page.get_by_role("button", name="Remove hint 1")).to_have_count(0)


def test_hints_by_keyboard_alone_with_undo_and_removal(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        page.get_by_role("button", name=START).press("Enter")
        expect(page.locator(".stage")).to_be_focused()
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(
            page.get_by_role("button", name=re.compile("Hint 1: .*60 % from the left, 49 %"))
        ).to_be_visible()
        likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
        expect(likely.first).to_be_focused(timeout=SOON)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(likely.nth(1)).to_have_attribute("aria-pressed", "true")
        hue = page.get_by_role("slider", name="Hue")
        hue.focus()
        before = hue.get_attribute("aria-valuetext")
        for _ in range(120):
            page.keyboard.press("ArrowRight")
        expect(hue).not_to_have_attribute("aria-valuetext", before)

        # The likely colour, then all steps of the slider together, are one step back each.
        undo = page.get_by_role("button", name="Undo")
        undo.press("Enter")
        undo.press("Enter")
        expect(markers(page)).to_have_count(1)
        marker = page.get_by_role("button", name=re.compile("Hint 1: "))
        marker.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("button", name=re.compile("Hint 1: .*59 % from the left"))).to_be_focused()
        page.keyboard.press("Delete")
        expect(markers(page)).to_have_count(0)
        undo.press("Enter")
        expect(markers(page)).to_have_count(1)
        page.get_by_role("button", name="Remove hint 1").press("Enter")
        expect(markers(page)).to_have_count(0)
        # Escape leaves the hints first, then the photograph.
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name=START)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_finger_sets_a_hint_and_two_still_zoom(chromium: Browser, empty: Service) -> None:
    phone = {"width": 360, "height": 740}
    with visit(chromium, empty.url, viewport=phone, has_touch=True, **QUIET) as visitor:
        page = opened(visitor)
        page.get_by_role("button", name=START).tap()
        box = page.locator(".right .frame").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
        expect(markers(page)).to_have_count(1)
        fingers = page.context.new_cdp_session(page)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind, far in (("touchStart", 20), *(("touchMove", 20 + 4 * step) for step in range(8))):
            points = [{"x": x - far, "y": y, "id": 0}, {"x": x + far, "y": y, "id": 1}]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert page.locator(".right .frame").bounding_box()["width"] > 1.5 * box["width"]
        expect(markers(page)).to_have_count(1)
        assert page.locator(".viewer").evaluate("viewer => viewer.scrollWidth - viewer.clientWidth") <= 0


def test_the_divider_and_the_hints_do_not_get_in_each_others_way(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        handle = page.get_by_role("slider", name="Compare")
        page.get_by_role("button", name=START).click()
        click_at(page, 0.2, 0.2)
        expect(handle).to_have_attribute("aria-valuenow", "50")
        handle.focus()
        page.keyboard.press("Home")
        expect(handle).to_have_attribute("aria-valuenow", "0")
        expect(markers(page)).to_have_count(1)
        page.get_by_role("button", name=DONE).click()
        expect(markers(page)).to_have_count(0)
        click_at(page, 0.7, 0.7)
        expect(markers(page)).to_have_count(0)


def test_a_new_version_leaves_the_focus_of_who_gives_hints(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        page.get_by_role("button", name=START).click()
        click_at(page, 0.2, 0.2)
        likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
        expect(likely.first).to_be_focused(timeout=SOON)
        page.get_by_role("button", name="Try these hints").click()
        stage = page.locator(".stage")
        stage.focus()
        expect(version(page, 2)).to_be_visible(timeout=SOON)
        expect(stage).to_contain_text("Version 2")
        expect(stage).to_have_class(re.compile("comparing"))
        expect(stage).to_be_focused()


def test_suggestions_that_come_late_do_not_take_the_focus_from_where_it_went(
    chromium: Browser, empty: Service
) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        page.get_by_role("button", name=START).click()
        held: list[Route] = []
        gate = Event()
        page.route(
            "**/suggestions*", lambda route: route.continue_() if gate.is_set() else held.append(route)
        )
        with page.expect_request("**/suggestions*"):
            click_at(page, 0.2, 0.2)
        handle = page.get_by_role("slider", name="Compare")
        handle.focus()
        gate.set()  # first: a question that is asked meanwhile is not to be held for ever
        for route in held:
            route.continue_()
        likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
        expect(likely.first).to_be_visible(timeout=SOON)
        expect(handle).to_be_focused()


def test_a_reference_lends_its_palette(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        first = newest(empty)["id"]
        dropped = (PHOTOS / "coffee.jpg").read_bytes()
        page.locator(".lender").evaluate(
            """(part, bytes) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], "coffee.jpg", { type: "image/jpeg" }));
                const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
                for (const type of ["dragenter", "dragover", "drop"]) part.dispatchEvent(new DragEvent(type, how));
            }""",
            list(dropped),
        )
        expect(page.locator("#veil")).to_be_hidden()
        expect(page.locator(".lender-chosen img")).to_be_visible()
        page.get_by_role("button", name="Try this palette").click()
        expect(version(page, 2)).to_be_visible(timeout=SOON)
        job = newest(empty)
        assert job["reference"]["name"] == "coffee.jpg"
        with empty.client() as client:
            assert client.get(f"/v1/jobs/{job['id']}/reference").content == dropped
        assert ab_at(empty, job["id"], 0.5, 0.5)[0] > ab_at(empty, first, 0.5, 0.5)[0] + 2
        # It was one photograph that was dropped, not two.
        with empty.client() as client:
            assert len(client.get("/v1/jobs").json()["items"]) == 2

        page.wait_for_timeout(300)
        page.reload()
        version(page, 2).click()
        expect(page.locator(".lender-chosen")).to_contain_text("coffee.jpg", timeout=SOON)
        # From here on its file is the service's: another version takes it from there.
        page.get_by_role("button", name="Vivid").click()
        page.get_by_role("button", name="Make a new version").click()
        expect(version(page, 3)).to_be_visible(timeout=SOON)
        assert newest(empty)["reference"]["sha256"] == job["reference"]["sha256"]
        page.get_by_role("button", name="Remove the palette").click()
        expect(page.locator(".lender-chosen")).to_be_hidden()


def test_a_reference_without_colour_is_said_beside_the_photograph(chromium: Browser, empty: Service) -> None:
    with visit(chromium, empty.url, **QUIET) as visitor:
        page = opened(visitor)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a colour photograph").click()
        chooser.value.set_files([photo("grey.jpg")])
        page.get_by_role("button", name="Try this palette").click()
        expect(page.locator(".work-words")).to_contain_text("no colour to lend", timeout=SOON)


def test_what_the_model_cannot_do_is_not_shown(chromium: Browser, tmp_path: Path) -> None:
    model = tmp_path / "plain.onnx"
    model.write_bytes(tiny_model())
    with (
        service(tmp_path / "data", PHOTOCHROM_MODEL_PATH=str(model)) as plain,
        visit(chromium, plain.url, **QUIET) as visitor,
    ):
        page = opened(visitor)
        expect(page.get_by_role("heading", name="Adjust")).to_be_visible()
        expect(page.get_by_role("heading", name="Colour hints")).to_be_hidden()
        expect(page.get_by_role("heading", name="Palette of another photograph")).to_be_hidden()


def test_hints_survive_a_restart_of_the_service(chromium: Browser, tmp_path: Path) -> None:
    model = tmp_path / "able.onnx"
    model.write_bytes(tiny_model(ABLE_CARD))
    how = {"port": free_port(), "PHOTOCHROM_MODEL_PATH": str(model)}
    hint = {"x": 0.5, "y": 0.25, "a": 40.0, "b": 20.0, "radius": 0.008}
    with service(tmp_path / "data", **how) as first:  # type: ignore[arg-type]
        job = first.upload(grey_jpeg(), hints=json.dumps([hint]))
        first.wait(job)
    with service(tmp_path / "data", **how) as second, visit(chromium, second.url, **QUIET) as visitor:  # type: ignore[arg-type]
        assert second.job(job)["options"]["hints"] == [hint]
        visitor.page.get_by_role("button", name="grey.jpg. In colour").click()
        visitor.page.get_by_role("button", name=START).click()
        expect(markers(visitor.page)).to_have_count(1)
        expect(visitor.page.get_by_role("button", name=re.compile("Hint 1: .*50 % .*25 %"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_while_hints_are_given(chromium: Browser, empty: Service, scheme: str) -> None:
    with visit(chromium, empty.url, color_scheme=scheme, **QUIET) as visitor:
        page = opened(visitor)
        assert findings(page) == []
        page.get_by_role("button", name=START).click()
        assert findings(page) == []
        click_at(page, 0.6, 0.4)
        click_at(page, 0.3, 0.7)
        likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
        expect(likely.first).to_be_visible(timeout=SOON)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a colour photograph").click()
        chooser.value.set_files([PHOTOS / "coffee.jpg"])
        expect(page.locator(".lender-chosen img")).to_be_visible()
        assert findings(page) == []
