"""The page splits an album page: from the scan over corrected frames to photographs in colour."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from support.page.browser import findings, visit
from support.pictures.photographs import album_page
from support.servers.running import Service

SOON = 60_000
SCAN: dict[str, Any] = {"name": "oma.jpg", "mimeType": "image/jpeg", "buffer": album_page()}


def frames(page: Page) -> Locator:
    return page.locator(".album-frame")


def place(frame: Locator) -> tuple[float, float, float, float]:
    box = frame.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def test_a_page_becomes_photographs_in_colour(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(SCAN, button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        expect(dialog.get_by_role("status")).to_contain_text("2 photographs found", timeout=SOON)
        expect(frames(page)).to_have_count(2)
        # What was found lies where the photographs do: 60..560 and 700..1200 of 1300, with their borders.
        stage = place(page.locator(".album-stage"))
        left, _, width, _ = place(frames(page).first)
        assert abs((left - stage[0]) / stage[2] - 40 / 1300) < 0.02
        assert abs(width / stage[2] - 540 / 1300) < 0.03
        assert findings(page) == []

        # The second is turned by a quarter, the first made smaller by its lower right corner.
        frames(page).nth(1).focus()
        page.keyboard.press("t")
        expect(frames(page).nth(1)).to_have_attribute("aria-label", re.compile("90 degrees"))
        x, y, width, height = place(frames(page).first)
        drag(page, (x + width - 1, y + height - 1), (x + width - 40, y + height - 30))
        assert abs(place(frames(page).first)[2] - (width - 39)) < 4
        dialog.get_by_role("button", name="Colour 2 photographs").click()
        expect(dialog).to_be_hidden(timeout=SOON)
        cards = page.get_by_role("listitem")
        expect(cards).to_have_count(2, timeout=SOON)
        expect(page.locator('.card[data-state="succeeded"]')).to_have_count(2, timeout=SOON)

        client = running.client()
        (batch,) = client.get("/v1/batches").json()["items"]
        assert (batch["name"], batch["state"]) == ("oma.jpg", "completed")
        items = client.get(f"{batch['url']}/items").json()["items"]
        cut = {item["item"]: item for item in items if item["kind"] == "photograph"}
        assert sorted(cut) == ["oma/1.jpg", "oma/2.jpg"]
        turned = cut["oma/2.jpg"]["result"]
        assert turned["height"] > turned["width"]
        # The page that was looked at is gone; its copy in the batch is kept.
        kinds = [job["kind"] for job in client.get("/v1/jobs").json()["items"]]
        assert sorted(kinds) == ["page", "photograph", "photograph"]


def test_frames_are_moved_added_joined_and_removed_by_keyboard_and_mouse(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(SCAN, button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        first, second = frames(page).nth(0), frames(page).nth(1)
        expect(first).to_be_focused(timeout=SOON)
        before = place(first)
        for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
            page.keyboard.press(key)
        after = place(first)
        assert after[0] - before[0] > 1.5 * (after[1] - before[1]) > 0
        page.keyboard.press("Shift+ArrowRight")
        assert place(first)[2] > after[2]
        page.keyboard.press(".")
        expect(first).to_have_attribute("aria-label", re.compile("turned by 0.5 degrees"))
        x, y, width, height = place(second)
        drag(page, (x + width / 2, y + height / 2), (x + width / 2 - 30, y + height / 2 + 20))
        assert abs(place(second)[0] - (x - 30)) < 3

        # One is drawn on the empty page, one added by the button; two are joined, one removed.
        stage = place(page.locator(".album-stage"))
        drag(
            page,
            (stage[0] + stage[2] * 0.5, stage[1] + 4),
            (stage[0] + stage[2] * 0.9, stage[1] + stage[3] * 0.2),
        )
        expect(frames(page)).to_have_count(3)
        expect(frames(page).nth(2)).to_be_focused()
        page.keyboard.press("Space")
        second.focus()
        page.keyboard.press("Space")
        dialog.get_by_role("button", name="Join").click()
        expect(frames(page)).to_have_count(2)
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(frames(page)).to_have_count(3)
        page.keyboard.press("Delete")
        expect(frames(page)).to_have_count(2)
        dialog.get_by_role("button", name="As found").click()
        expect(frames(page)).to_have_count(2)

        # The whole page as one; nothing is left of it when the visitor changes their mind.
        dialog.get_by_role("button", name="Whole page").click()
        expect(frames(page)).to_have_count(0)
        expect(dialog.get_by_role("button", name="Colour 1 photograph")).to_be_enabled()
        client = running.client()
        known = {job["id"] for job in client.get("/v1/jobs").json()["items"]}
        # The first Escape throws no corrections away: it goes to the button that does.
        page.keyboard.press("Escape")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        with page.expect_response(lambda answer: answer.request.method == "DELETE"):
            page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        assert len({job["id"] for job in client.get("/v1/jobs").json()["items"]}) == len(known) - 1


def test_frames_are_undone_and_outlast_a_reload_until_they_are_sent(
    chromium: Browser, running: Service
) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(SCAN, button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        expect(frames(page).first).to_be_focused(timeout=SOON)
        found = place(frames(page).first)
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        moved = place(frames(page).first)
        x, y, width, height = moved
        drag(page, (x + width / 2, y + height / 2), (x + width / 2, y + height / 2 + 40))
        dragged = place(frames(page).first)
        assert dragged[1] > moved[1] + 30
        # One drag is one step, and so are three strokes of one key.
        page.keyboard.press("Control+z")
        assert place(frames(page).first) == moved
        page.keyboard.press("Control+z")
        assert place(frames(page).first) == found
        expect(dialog.get_by_role("button", name="Undo")).to_be_disabled()
        dialog.get_by_role("button", name="Redo").click()
        page.keyboard.press("Control+Shift+z")
        assert place(frames(page).first) == dragged
        dialog.get_by_role("button", name="Whole page").click()
        expect(frames(page)).to_have_count(0)
        page.keyboard.press("Control+z")
        expect(frames(page)).to_have_count(2)
        dialog.get_by_role("button", name="Add", exact=True).click()
        dialog.get_by_label("One set of colours").check()
        before = [frame.get_attribute("style") for frame in frames(page).all()]

        page.reload()
        expect(frames(page)).to_have_count(3, timeout=SOON)
        assert [frame.get_attribute("style") for frame in frames(page).all()] == before
        expect(dialog.get_by_label("One set of colours")).to_be_checked()
        # A second tab leaves it to the first.
        other = page.context.new_page()
        other.goto(running.url)
        other.locator("main > section:visible").first.wait_for()
        expect(other.get_by_role("dialog")).to_have_count(0)
        other.close()
        with page.expect_response(lambda answer: answer.request.method == "DELETE"):
            dialog.get_by_role("button", name="Cancel").click()
        page.reload()
        page.locator("main > section:visible").first.wait_for()
        expect(frames(page)).to_have_count(0)


def test_frames_that_the_service_refuses_are_said_and_stay(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, expect=(422,), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(SCAN, button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        expect(frames(page).first).to_be_focused(timeout=SOON)
        for _ in range(2):
            dialog.get_by_role("button", name="Add", exact=True).click()
        dialog.get_by_role("button", name="Colour 4 photographs").click()
        expect(dialog.get_by_role("alert")).to_contain_text("same place", timeout=SOON)
        expect(frames(page)).to_have_count(4)


def test_what_is_no_page_is_said(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, expect=(415,), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"a text"}, button="Album page")
        dialog = page.get_by_role("dialog", name="Photographs on this page")
        expect(dialog.get_by_role("alert")).not_to_be_empty(timeout=SOON)
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
