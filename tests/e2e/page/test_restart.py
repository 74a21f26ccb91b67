"""The page and a service that goes away and comes back."""

import signal
from pathlib import Path

from playwright.sync_api import Browser, expect

from support.page.browser import visit
from support.pictures.photographs import grey_jpeg, noise_png
from support.servers.ports import free_port
from support.servers.running import service


def test_a_restart_during_a_job_loses_nothing(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    slow = tmp_path / "slow.png"
    slow.write_bytes(noise_png(2500))
    quick = tmp_path / "quick.jpg"
    quick.write_bytes(grey_jpeg())
    with (
        service(tmp_path / "data", port=port) as first,
        visit(chromium, first.url, reduced_motion="reduce") as visitor,
    ):
        page = visitor.page
        visitor.choose(slow, quick)
        expect(page.locator(".card[data-state=running]")).to_have_count(1, timeout=30_000)
        first.stop(signal.SIGINT)
        expect(page.get_by_text("Nothing is lost")).to_be_visible(timeout=30_000)
        visitor.choose(
            {"name": "late.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg("cat.jpg")},
            button="Add photographs",
        )
        page.keyboard.press("Escape")
        with service(tmp_path / "data", port=port):
            expect(page.get_by_text("The service is back.")).to_be_visible(timeout=30_000)
            expect(page.locator(".card[data-state=succeeded]")).to_have_count(3, timeout=60_000)
