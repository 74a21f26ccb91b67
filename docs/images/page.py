"""Make page-sheet.jpg and page-viewer.jpg, the README's pictures of the page, with a real browser and service."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[1] / "tests")]

from support.page.browser import browser, visit  # noqa: E402
from support.pictures.photographs import grey_jpeg  # noqa: E402
from support.servers.running import service  # noqa: E402

NAMES = {
    "astronaut": "portrait",
    "coffee": "café table",
    "rocket": "launch",
    "cat": "our cat",
    "camera": "photographer",
}
SCREEN = {"width": 1440, "height": 900}


def photograph(name: str, shown: str) -> dict[str, object]:
    """Return a grey photograph of the tests, as the file chooser takes it."""
    return {"name": f"{shown}.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg(f"{name}.jpg")}


def save(page: Page, name: str) -> None:
    """Take the picture when all has come to rest."""
    page.wait_for_timeout(2600)  # until every picture has faded in
    page.mouse.move(640, 890)
    page.wait_for_timeout(400)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.save(HERE / f"{name}.jpg", quality=86, optimize=True)


def main() -> None:
    """Make both pictures."""
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear diary, " * 20}
    with tempfile.TemporaryDirectory() as data, service(Path(data)) as running, browser() as chromium:
        with visit(
            chromium, running.url, expect=(415,), color_scheme="light", viewport=dict(SCREEN)
        ) as visitor:
            visitor.choose(*(photograph(*names) for names in NAMES.items()), letter)
            expect(visitor.page.get_by_text("In colour 5")).to_be_visible(timeout=60_000)
            save(visitor.page, "page-sheet")
        with visit(chromium, running.url, color_scheme="dark", viewport=dict(SCREEN)) as visitor:
            page = visitor.page
            page.get_by_role("button", name="portrait.jpg. In colour").click()
            page.get_by_role("button", name="Vivid").click()
            page.get_by_role("button", name="Make a new version").click()
            expect(page.get_by_role("button", name="Version 2. In colour")).to_be_visible(timeout=60_000)
            page.locator(".panel").evaluate("panel => panel.scrollTo(0, 0)")
            save(page, "page-viewer")


if __name__ == "__main__":
    main()
