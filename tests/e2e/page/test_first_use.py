"""What somebody meets who uses the page for the first time: nothing covers, cuts off or promises what is not so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from support.networks.tiny_model import light
from support.page.browser import visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service, service

SOON = 30_000
WIDE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all of them, whose network costs nothing."""
    with service(tmp_path_factory.mktemp("service"), **light()) as started:
        yield started


@pytest.fixture(autouse=True)
def empty(running: Service) -> None:
    with running.client() as client:
        for batch in client.get("/v1/batches").json()["items"]:
            client.delete(f"/v1/batches/{batch['id']}")
        for job in client.get("/v1/jobs", params={"limit": 200}).json()["items"]:
            client.delete(f"/v1/jobs/{job['id']}")


def photo(name: str = "lake.jpg", width: int = 96) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": grey_jpeg(size=(width, 72))}


def box(locator: Locator) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    found = locator.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def shown(page: Page, names: list[str]) -> None:
    """The cards show these, in this order."""
    expect(page.locator(".card-name")).to_have_text(names, timeout=SOON)


def test_no_button_of_an_opened_photograph_is_covered_or_cut_off(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        page.get_by_label("Steps", exact=True).select_option("both")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="What was repaired")).to_be_visible(timeout=SOON)
        expect(page.get_by_role("button", name="Where the machine guessed")).to_be_visible()
        for width in (1440, 1024, 801, 390):
            page.set_viewport_size({"width": width, "height": 844})
            buttons = page.locator(".viewer-bar :is(button, a):visible, .panel button:visible").all()
            boxes = [box(button) for button in buttons]
            for at, (left, top, right, bottom) in enumerate(boxes):
                assert left >= 0
                assert right <= width
                for left2, top2, right2, bottom2 in boxes[at + 1 :]:
                    apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
                    assert apart, (width, at, boxes)
            for part in (".panel", ".viewer"):
                sideways = page.locator(part).evaluate("part => part.scrollWidth - part.clientWidth")
                assert sideways == 0, (width, part)


def test_a_scan_that_needed_no_turn_keeps_its_before_and_after(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Straighten").click()
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        expect(page.get_by_text("No turn was needed")).to_be_visible()
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible()
        expect(page.get_by_text("no longer kept")).to_be_hidden()


def test_how_long_results_are_kept_is_said_beside_them(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo())
        expect(page.get_by_text(re.compile("^Kept on the server until .+: download"))).to_be_visible(
            timeout=SOON
        )
        page.get_by_label("Steps", exact=True).select_option("restore")
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 2. Restored")).to_be_visible(timeout=SOON)


def test_of_what_is_no_photograph_nothing_is_promised(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, expect=(415,), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose({**photo("letter.jpg"), "buffer": b"Dear diary"})
        expect(page.locator(".work-words")).to_contain_text("not an image", timeout=SOON)
        expect(page.get_by_text("the photograph itself is fine")).to_be_hidden()
        for name in ("Make a new version", "Give hints", "Choose a colour photograph", "Try again"):
            expect(page.get_by_role("button", name=name)).to_be_hidden()
        expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()


def test_a_row_is_selected_by_its_pictures_and_shift(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, viewport=WIDE, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*(photo(f"{number}.jpg", 80 + number) for number in range(6)))
        expect(page.get_by_text("In colour 6")).to_be_visible(timeout=SOON)
        top = box(page.locator(".sheet"))[1]
        page.get_by_role("button", name="Select", exact=True).click()
        # Nothing moves under the pointer.
        assert box(page.locator(".sheet"))[1] == top
        pictures = page.locator(".card-open")
        pictures.nth(1).click()
        expect(page.get_by_text("1 selected")).to_be_visible()
        expect(pictures.nth(1)).to_have_attribute("aria-pressed", "true")
        pictures.nth(4).click(modifiers=["Shift"])
        expect(page.get_by_text("4 selected")).to_be_visible()
        page.get_by_label("Select 2.jpg").click()
        expect(page.get_by_text("3 selected")).to_be_visible()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_text("all their versions are erased")).to_be_visible()
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="Done selecting").click()
        pictures.nth(0).click()
        expect(page.get_by_role("dialog", name="Photograph 0.jpg")).to_be_visible()


def test_the_buttons_of_a_selection_stay_in_reach_on_a_phone(chromium: Browser, running: Service) -> None:
    phone = {"width": 390, "height": 600}
    with visit(chromium, running.url, viewport=phone, has_touch=True, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*(photo(f"{number}.jpg", 80 + number) for number in range(12)))
        expect(page.get_by_text("In colour 12")).to_be_visible(timeout=SOON)
        page.mouse.wheel(0, 700)
        expect(page.locator(".toolbar")).not_to_be_in_viewport()
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("button", name="Select", exact=True).tap()
        page.mouse.wheel(0, 700)
        page.locator(".card-open").last.tap()
        expect(page.get_by_text("1 selected")).to_be_in_viewport()
        expect(page.get_by_role("button", name="Delete", exact=True)).to_be_in_viewport()


def test_an_album_has_one_order_in_all_browsers_and_new_photographs_are_seen(
    chromium: Browser, running: Service
) -> None:
    names = [f"page {number}.jpg" for number in range(1, 22)]
    with visit(chromium, running.url, viewport=WIDE, reduced_motion="reduce") as visitor:
        visitor.choose(*(photo(name, 80 + at) for at, name in enumerate(names)))
        expect(visitor.page.get_by_text("21 of 21 in colour")).to_be_visible(timeout=SOON)
        shown(visitor.page, names)
    with visit(chromium, running.url, viewport=WIDE, expect=(415,), reduced_motion="reduce") as visitor:
        page = visitor.page
        shown(page, names)
        page.get_by_text(re.compile("^Failed")).click()
        expect(page.get_by_text("Nothing has failed.")).to_be_visible()
        visitor.choose(photo("one.jpg", 60), photo("two.jpg", 61))
        expect(page.get_by_role("radio", name="All 23")).to_be_checked()
        shown(page, ["one.jpg", "two.jpg", *names])


def test_the_time_left_is_that_of_the_service_whenever_the_page_was_opened(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url) as visitor:
        left = visitor.page.evaluate(
            """async () => {
              const { timeLeft } = await import("./web/sheet/toolbar.js");
              const at = (second) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
              const old = { created_at: at(-90), finished_at: at(-80) };
              const done = [10, 15, 20, 25].map((second) => ({ created_at: at(0), finished_at: at(second) }));
              const waiting = Array.from({ length: 40 }, () => ({ created_at: at(1), finished_at: null }));
              return [timeLeft(40, [old, old, old, ...done, ...waiting]), timeLeft(40, [old, old, old, ...waiting])];
            }"""
        )
        # Five seconds each; before the third is done there is no pace to tell.
        assert left == [200, 0]


def test_the_way_to_the_network_is_missed_at_once(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        # The theme can be chosen on the empty page, too.
        expect(page.get_by_role("button", name=re.compile("Colours of the page"))).to_be_visible()
        page.context.set_offline(True)
        # Without a look at the event, the page would notice after up to 20 seconds.
        expect(page.get_by_text("You are offline")).to_be_visible(timeout=10_000)
        page.context.set_offline(False)
        expect(page.get_by_text("You are offline")).to_be_hidden(timeout=SOON)


def test_the_way_to_the_network_is_missed_during_a_look_too(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url) as visitor:
        page = visitor.page
        looks: list[Route] = []
        page.route(
            "**/healthz", lambda route: route.abort("internetdisconnected") if looks else looks.append(route)
        )
        # A look that has begun is held open until the way is gone.
        with page.expect_request("**/healthz"):
            page.reload()
        page.context.set_offline(True)
        looks[0].fulfill(json={"status": "ok"})
        expect(page.get_by_text("You are offline")).to_be_visible(timeout=10_000)


def test_a_folder_without_photographs_gets_an_answer_to_be_seen(
    chromium: Browser, running: Service, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("Dear diary")
    with visit(chromium, running.url) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a folder").click()
        chooser.value.set_files(tmp_path)
        expect(page.get_by_text("No photographs were found there.")).to_be_in_viewport()


OWN = "const own = (name) => import(new URL(name, document.querySelector('script[type=module]').src));"


def test_what_is_no_longer_kept_has_not_failed(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, expect=(404, 410), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(photo("a.jpg"), photo("b.jpg", 80))
        expect(page.get_by_text("In colour 2")).to_be_visible(timeout=SOON)
        job = running.client().get("/v1/jobs").json()["items"][0]
        # A week later the service tells of it so.
        page.evaluate(
            OWN.join(["async (job) => {", "(await own('photos/photos.js')).adopt(job); }"]),
            {**job, "state": "expired", "result": None},
        )
        expect(page.get_by_text("In colour 1")).to_be_visible()
        expect(page.get_by_text("Failed 0")).to_be_visible()
        card = page.locator(".card[data-state=expired]")
        expect(card).to_contain_text("No longer kept")
        # This browser still has its small picture.
        expect(card.locator("img.after")).to_be_visible()
        card.locator(".card-open").click()
        expect(page.locator(".work-words")).to_contain_text("Add the photograph again")
        expect(page.get_by_text("the photograph itself is fine")).to_be_hidden()


def test_a_service_without_room_is_said_while_photographs_wait(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, expect=(503,), reduced_motion="reduce") as visitor:
        page = visitor.page
        full = {"status": 503, "code": "queue-full", "detail": "The queue is full."}
        page.route("**/v1/jobs", lambda route: route.fulfill(status=503, json=full))
        visitor.choose(photo("a.jpg"), photo("b.jpg", 80))
        expect(page.get_by_text("The service has no room yet, trying again").first).to_be_visible()
        page.unroute("**/v1/jobs")
        expect(page.get_by_text("In colour 2")).to_be_visible(timeout=SOON)


def test_the_chosen_theme_is_there_before_the_scripts(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, color_scheme="light") as visitor:
        page = visitor.page
        button = page.get_by_role("button", name=re.compile("Colours of the page"))
        button.click()
        expect(button).to_have_accessible_name("Colours of the page: dark")
        page.route("**/main.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        page.reload()
        expect(page.locator("html")).to_have_css("background-color", "rgb(18, 18, 18)")
        # What is painted meanwhile says what comes.
        expect(page.get_by_text("Opening your photographs")).to_be_visible()
        page.unroute("**/main.js")
        page.reload()
        expect(button).to_have_accessible_name("Colours of the page: dark")
