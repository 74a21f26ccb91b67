"""The page gives several photographs one set of colours: those that are selected, and those cut from one page."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.page.browser import findings, visit
from support.pictures.series import SCENE, as_jpeg, other, part
from support.servers.running import Service

SOON = 60_000
_SIDE = 320


@pytest.fixture(scope="module")
def running(as_shipped: Service) -> Service:
    return as_shipped


def upload(name: str, image: Image.Image) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": as_jpeg(image, 92)}


@pytest.fixture
def empty(running: Service) -> Service:
    with running.client() as client:
        for batch in client.get("/v1/batches").json()["items"]:
            client.delete(f"/v1/batches/{batch['id']}")
        for job in client.get("/v1/jobs", params={"limit": 200}).json()["items"]:
            client.delete(f"/v1/jobs/{job['id']}")
    return running


def in_colour(page: Page, count: int) -> None:
    expect(page.locator('.card[data-state="succeeded"]')).to_have_count(count, timeout=SOON)


def items_of(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """The only batch, and its photographs by name."""
    with service.client() as client:
        (batch,) = client.get("/v1/batches").json()["items"]
        items = client.get(f"{batch['url']}/items").json()["items"]
    return batch, {item["item"]: item for item in items if item["kind"] == "photograph"}


def test_selected_photographs_get_one_set_of_colours(chromium: Browser, empty: Service) -> None:
    photos = [upload(f"{name}.jpg", part(*how, _SIDE)) for name, how in SCENE.items()]
    photos.append(upload("other.jpg", other(_SIDE)))
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*photos)
        in_colour(page, 4)
        page.get_by_role("button", name="Select", exact=True).click()
        match = page.get_by_role("button", name="One set of colours")
        page.get_by_role("checkbox", name="Select a.jpg").check()
        expect(match).to_be_disabled()
        page.get_by_role("button", name="Select all").click()
        assert findings(page) == []
        match.click()
        expect(page.get_by_text("4 new versions are being made.")).to_be_visible()
        expect(match).to_be_hidden()
        in_colour(page, 0)
        in_colour(page, 4)
        expect(page.get_by_text("In colour, 2 versions")).to_have_count(4)

        batch, items = items_of(empty)
        assert (batch["state"], batch["options"]["consistency"]) == ("completed", 1)
        assert {name: item["series"]["members"] for name, item in items.items()} == {
            "a.jpg": 3,
            "b.jpg": 3,
            "c.jpg": 3,
            "other.jpg": 1,
        }
        # What is shown is the last of the two results that each had.
        page.get_by_role("button", name="a.jpg. In colour").click()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        page.get_by_text("Details", exact=True).click()
        expect(page.get_by_text("shared by 3 photographs")).to_be_visible()
        expect(page.locator(".panel").get_by_text("one set of colours").first).to_be_visible()
        # Another version of one of them is of one photograph again.
        page.get_by_role("button", name="Vivid").click()
        page.get_by_role("button", name="Make a new version").click()
        expect(page.get_by_role("button", name="Version 3. In colour")).to_be_visible(timeout=SOON)

        page.wait_for_timeout(300)  # what the page keeps, it keeps 150 ms after the change
        page.reload()
        expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Back to all photographs").click()
        # The set is an album by itself.
        album = page.get_by_label("Album", exact=True)
        expect(album.get_by_role("option")).to_have_count(2)
        album.select_option(index=1)
        in_colour(page, 4)


def version(page: Page, number: int) -> Any:
    return page.get_by_role("button", name=f"Version {number}. In colour")


def test_a_hint_of_one_is_offered_for_the_others_of_its_set(chromium: Browser, empty: Service) -> None:
    photos = [upload(f"{name}.jpg", part(*SCENE[name], _SIDE)) for name in ("a", "b")]
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*photos)
        in_colour(page, 2)
        page.get_by_role("button", name="Select", exact=True).click()
        page.get_by_role("button", name="Select all").click()
        page.get_by_role("button", name="One set of colours").click()
        expect(page.get_by_text("In colour, 2 versions")).to_have_count(2, timeout=SOON)
        offered = page.get_by_role("button", name="Use 1 hint of others of its set")

        page.get_by_role("button", name="a.jpg. In colour").click()
        expect(page.get_by_role("slider", name="Compare")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Give hints").click()
        box = page.locator(".right .frame").bounding_box()
        assert box
        page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.45 * box["height"])
        page.get_by_role("button", name="Try these hints").click()
        expect(version(page, 3)).to_be_visible(timeout=SOON)
        expect(offered).to_have_count(0)
        page.get_by_role("button", name="Back to all photographs").click()

        page.get_by_role("button", name="b.jpg. In colour").click()
        offered.click(timeout=SOON)
        expect(offered).to_have_count(0)
        expect(page.get_by_role("button", name="Remove hint 1")).to_be_visible()
        page.get_by_role("button", name="Try these hints").click()
        expect(version(page, 3)).to_be_visible(timeout=SOON)
        # It was taken up: it is not offered once more.
        page.get_by_role("button", name="Back to all photographs").click()
        with page.expect_response("**/proposals?*"):
            page.get_by_role("button", name="b.jpg. In colour").click()
        expect(offered).to_have_count(0)
    newest = empty.client().get("/v1/jobs").json()["items"][0]
    assert newest["original"]["name"] == "b.jpg"
    [hint] = newest["options"]["hints"]
    # 0.4 and 0.45 of 450 in the one, where the other shows it: it begins at 40 and 30.
    assert (hint["x"], hint["y"]) == pytest.approx((140 / 450, 172.5 / 450), abs=1 / 12)


def test_a_photograph_is_in_colour_when_its_set_is(chromium: Browser, empty: Service) -> None:
    """Until the others have their colours, its own may change once more."""
    with visit(chromium, empty.url) as visitor:
        visitor.page.locator("main > section:visible").first.wait_for()
        told = visitor.page.evaluate(
            """async () => {
              const { adopt, all, current, group } = await import("./web/photos/photos.js");
              const { stateWords } = await import("./web/photos/wording.js");
              const original = { sha256: "x", name: "x.jpg", bytes: 1 };
              const record = { id: "x", state: "succeeded", original, options: { consistency: 0.5 }, series: null };
              const look = () => [group(all()[0]), stateWords(current(all()[0]))];
              adopt(record);
              const before = look();
              adopt({ ...record, series: { group: "", members: 1 } });
              return [before, look()];
            }"""
        )
    assert told == [["working", "Waiting for the others of its set"], ["done", "In colour"]]


def test_photographs_of_an_album_page_get_one_set_of_colours(chromium: Browser, empty: Service) -> None:
    scan = Image.fromarray(
        np.random.default_rng(0).normal(38, 1.5, (900, 1300)).clip(0, 255).astype(np.uint8)
    )
    for how, place in zip(SCENE.values(), ((60, 80), (700, 250)), strict=False):
        scan.paste(Image.new("L", (540, 440), 225), (place[0] - 20, place[1] - 20))
        scan.paste(part(*how, _SIDE).resize((500, 400)), place)
    with visit(chromium, empty.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(upload("oma.jpg", scan), button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        expect(dialog.get_by_role("status")).to_contain_text("2 photographs found", timeout=SOON)
        alike = dialog.get_by_label("One set of colours")
        dialog.get_by_role("button", name="Whole page").click()
        expect(alike).to_be_hidden()
        dialog.get_by_role("button", name="As found").click()
        alike.check()
        assert findings(page) == []
        dialog.get_by_role("button", name="Colour 2 photographs").click()
        expect(dialog).to_be_hidden(timeout=SOON)
        in_colour(page, 2)
    batch, items = items_of(empty)
    assert (batch["state"], batch["options"]["consistency"]) == ("completed", 1)
    assert [item["series"]["members"] for item in items.values()] == [2, 2]
