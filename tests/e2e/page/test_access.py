"""The page for everybody: axe-core (Deque) finds nothing serious, in no state, in neither theme."""

import pytest
from playwright.sync_api import Browser, expect

from support.page.browser import findings, visit
from support.pictures.photographs import grey_jpeg
from support.servers.running import Service


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(chromium: Browser, running: Service, scheme: str) -> None:
    with running.client() as client:
        for job in client.get("/v1/jobs").json()["items"]:
            client.delete(f"/v1/jobs/{job['id']}")
    with visit(chromium, running.url, color_scheme=scheme, reduced_motion="reduce", expect=(415,)) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert findings(page) == []
        visitor.choose(
            {"name": "good.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg()},
            {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"not a photograph"},
        )
        expect(page.locator(".card[data-state=succeeded]")).to_have_count(1, timeout=30_000)
        expect(page.locator(".card[data-state=failed]")).to_have_count(1, timeout=30_000)
        assert findings(page) == []
        page.get_by_role("button", name="Select", exact=True).click()
        assert findings(page) == []
        page.get_by_role("button", name="Done selecting").click()
        page.get_by_role("button", name="bad.jpg").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert findings(page) == []
        page.get_by_role("button", name="Next photograph").or_(
            page.get_by_role("button", name="Previous photograph")
        ).and_(page.locator(":enabled")).click()
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=30_000)
        page.get_by_text("Details").click()
        assert findings(page) == []
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("dialog", name="Delete this photograph?")).to_be_visible()
        assert findings(page) == []
