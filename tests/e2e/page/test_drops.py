"""Files and folders dropped as a desktop drops them: by the browser's own drag and drop, from the disk."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from support.networks.tiny_model import tiny_model
from support.page.browser import visit
from support.page.tasks import watched
from support.pictures.photographs import PHOTOS
from support.servers.running import Service, service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    with service(tmp_path / "data", PHOTOCHROM_MODEL_PATH=str(model)) as started:
        yield started


def album(folder: Path, count: int, prefix: str = "") -> list[Path]:
    """Write so many small photographs, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{prefix}{number:03}.jpg" for number in range(count)]
    with Image.open(PHOTOS / "astronaut.jpg") as source:
        grey = source.convert("L")
        for number, path in enumerate(paths):
            x, y = number * 13 % 300, number * 7 % 300
            grey.crop((x, y, x + 96, y + 72)).save(path, "JPEG", quality=70)
    return paths


def drop(page: Page, *paths: Path) -> None:
    """Drag files and folders from the desktop over the page, and let go."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 200, "data": data})


def test_a_dropped_folder_is_walked_and_its_names_are_kept(
    chromium: Browser, running: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "Grandmother"
    album(folder / "1931" / "wedding", 120)  # readEntries gives at most a hundred at a time
    album(folder / "1932", 3)
    (folder / "1932" / "notes.txt").write_text("Dear diary")
    [single] = album(tmp_path, 1, "single")
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        drop(page, folder, single)
        expect(page.get_by_text("All 124")).to_be_visible()
        expect(page.get_by_text("124 of 124 in colour")).to_be_visible(timeout=90_000)
        with running.client() as client:
            [batch] = client.get("/v1/batches").json()["items"]
            assert batch["name"] == "Grandmother"
            pages = client.get(f"{batch['url']}/items", params={"limit": 200}).json()["items"]
        names = {job["item"] for job in pages}
        assert {"Grandmother/1931/wedding/119.jpg", "Grandmother/1932/002.jpg", "single000.jpg"} <= names
        assert len(names) == 124


def test_a_chosen_folder_does_as_well(chromium: Browser, running: Service, tmp_path: Path) -> None:
    album(tmp_path / "box" / "inner", 25)
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a folder").click()
        chooser.value.set_files(tmp_path / "box")
        expect(page.get_by_text("25 of 25 in colour")).to_be_visible(timeout=60_000)
        with running.client() as client:
            item = client.get("/v1/jobs").json()["items"][0]["item"]
        assert re.fullmatch(r"box/inner/\d{3}\.jpg", item)


def cost_without_a_page(chromium: Browser, paths: list[Path]) -> float:
    """The longest task of dropping these files on a page that does nothing with them: the browser's own part."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<body style='height: 600px'>nothing</body>")
    page.evaluate(
        """() => {
            for (const kind of ["dragenter", "dragover", "drop"])
                document.addEventListener(kind, event => event.preventDefault());
            document.addEventListener("drop", () => setTimeout(() => (window.over = true), 300));
        }"""
    )
    with watched(chromium, page) as tasks:
        drop(page, *paths)
        page.wait_for_function("window.over")
    context.close()
    return tasks.longest


@pytest.mark.alone
def test_no_long_task_while_500_files_are_dropped(
    chromium: Browser, running: Service, tmp_path: Path
) -> None:
    paths = album(tmp_path / "many", 500)
    with visit(chromium, running.url, expect=(409,)) as visitor:
        page = visitor.page
        alone = cost_without_a_page(chromium, paths)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        with watched(chromium, page) as tasks:
            drop(page, *paths)
            expect(page.get_by_text("All 500")).to_be_visible(timeout=60_000)
            expect(page.locator(".card img.before:visible").first).to_be_visible(timeout=60_000)
        assert tasks.longest - alone < 200
        page.get_by_role("button", name="Stop the rest").click()
        expect(page.get_by_text("In progress 0")).to_be_visible(timeout=60_000)
