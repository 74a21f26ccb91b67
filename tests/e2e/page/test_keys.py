"""The page of a service that asks for keys: one question, and everything works as ever."""

import json
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from support.networks.tiny_model import light
from support.page.browser import visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service, command, service

SOON = 30_000
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()


def keys(data: Path, *arguments: str) -> str:
    """Run `photochrom keys` beside the running service; return the last line it says."""
    process = command("keys", *arguments, "--data", str(data))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return next(line for line in said.splitlines() if line.startswith(("phc_", "Revoked")))


def jobs(running: Service, key: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{running.url}/v1/jobs", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        return list(json.load(answer)["items"])


def question(page: Page) -> Any:
    return page.get_by_role("dialog", name="This service asks for a key")


def answer(page: Page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_one_question_and_the_page_works_as_ever(chromium: Browser, tmp_path: Path) -> None:
    with service(tmp_path, **light(), PHOTOCHROM_AUTH="keys") as running:
        mine, other = (keys(tmp_path, "create", name) for name in ("mine", "other"))
        with visit(chromium, running.url, expect=(401,), reduced_motion="reduce") as visitor:
            page = visitor.page
            expect(question(page)).to_be_visible()
            page.keyboard.press("Escape")
            expect(question(page)).to_be_visible()
            answer(page, "phc_guess")
            expect(page.get_by_text("That key is not valid")).to_be_visible()
            page.evaluate(AXE)
            assert (
                page.evaluate("axe.run(document).then(found => found.violations.map(each => each.id))") == []
            )
            answer(page, f" {mine} ")
            expect(question(page)).to_have_count(0)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            visitor.choose({"name": "lake.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg()})
            expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
            with page.expect_download() as started:
                page.get_by_role("link", name="Download", exact=True).click()
            assert Path(started.value.path()).stat().st_size > 1000
            page.goto(running.url)
            expect(page.locator(".card[data-state=succeeded] img.after")).to_be_visible(timeout=SOON)
            expect(question(page)).to_have_count(0)
            kept = page.evaluate("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
            assert "phc_" not in kept
            assert "photochrom_session" not in kept
            assert [job["original"]["name"] for job in jobs(running, mine)] == ["lake.jpg"]
            assert jobs(running, other) == []
            assert keys(tmp_path, "revoke", mine).startswith("Revoked")
            visitor.choose(
                {"name": "late.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg("cat.jpg")},
                button="Add photographs",
            )
            expect(question(page)).to_be_visible(timeout=SOON)
            answer(page, other)
            expect(page.locator(".card[data-state=succeeded]").filter(has_text="late.jpg")).to_have_count(
                1, timeout=SOON
            )
            page.keyboard.press("Escape")
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            page.get_by_role("button", name="Sign out").click()
            expect(question(page)).to_be_visible()
            expect(page.get_by_text("late.jpg")).to_have_count(0)
            assert [cookie["name"] for cookie in page.context.cookies()] == []
            assert page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]") == [
                "theme"
            ]
        assert [job["original"]["name"] for job in jobs(running, other)] == ["late.jpg"]


def test_where_no_key_is_asked_for_there_is_no_way_out(chromium: Browser, running: Service) -> None:
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Sign out")).to_have_count(0)
