"""The page with hundreds of photographs: smooth while they come in, and all of them done in the end."""

import random
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from support.networks.tiny_model import tiny_model
from support.page.browser import visit
from support.page.tasks import watched
from support.pictures.photographs import PHOTOS
from support.servers.running import Service, service
from support.waiting import wait_for


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose network costs nothing: what counts here is all around it."""
    model = tmp_path_factory.mktemp("model") / "tiny.onnx"
    model.write_bytes(tiny_model())
    data = tmp_path_factory.mktemp("service")
    with service(data, PHOTOCHROM_MODEL_PATH=str(model)) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 small photographs, no two alike, as from one album."""
    made = tmp_path_factory.mktemp("album")
    place = random.Random(5)
    with Image.open(PHOTOS / "astronaut.jpg") as source:
        grey = source.convert("L")
        for number in range(500):
            x, y = place.randrange(300), place.randrange(300)
            grey.crop((x, y, x + 160, y + 120)).save(made / f"{number:03}.jpg", "JPEG", quality=80)
    return made


def cost_without_a_page(chromium: Browser, paths: list[Path]) -> float:
    """The longest task of choosing these files on a page that does nothing with them: the browser's own part."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<input type=file multiple onchange='setTimeout(() => (window.over = true), 300)'>")
    with watched(chromium, page) as tasks:
        page.locator("input").set_input_files(paths)
        page.wait_for_function("window.over")
    context.close()
    return tasks.longest


@pytest.mark.alone
def test_no_long_task_while_500_files_are_dropped_and_the_rest_can_be_stopped(
    chromium: Browser, running: Service, folder: Path
) -> None:
    # 409 is the answer to stopping one that has just ended.
    with visit(chromium, running.url, expect=(409,)) as visitor:
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        alone = cost_without_a_page(chromium, sorted(folder.iterdir()))
        with watched(chromium, page) as tasks:
            visitor.choose(*sorted(folder.iterdir()))
            expect(page.get_by_text("All 500")).to_be_visible(timeout=60_000)
            # The first screenful has its pictures at once, while everything else is being sent.
            expect(page.locator(".card img.before:visible").first).to_be_visible(timeout=60_000)
            page.mouse.wheel(0, 30000)
            expect(page.get_by_role("button", name=re.compile("^499.jpg"))).to_be_visible()
            assert page.locator(".card").count() < 100
            page.get_by_role("button", name="Stop the rest").click()
            wait_for(lambda: page.get_by_text("In progress 0").count(), 60, "everything stopped")
        assert tasks.longest - alone < 200


def test_a_batch_of_200_small_photographs(chromium: Browser, running: Service, folder: Path) -> None:
    with running.client() as client:
        for batch in client.get("/v1/batches").json()["items"]:
            client.delete(f"/v1/batches/{batch['id']}")
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*sorted(folder.iterdir())[:200])
        expect(page.get_by_text("All 200")).to_be_visible()
        expect(page.get_by_text("200 of 200 in colour")).to_be_visible(timeout=150_000)
        expect(page.get_by_text("Failed 0")).to_be_visible()

        with running.client() as client:
            [batch] = client.get("/v1/batches").json()["items"]
        assert batch["state"] == "completed"
        assert batch["counts"]["succeeded"] == 200
        page.get_by_label("Album", exact=True).select_option(index=1)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download album").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            names = set(archive.namelist())
        assert names == {f"{number:03}.jpg" for number in range(200)} | {"manifest.json"}

        page.reload()
        expect(page.get_by_text("200 of 200 in colour")).to_be_visible(timeout=30_000)


def test_a_stopped_album_goes_on_where_it_was(chromium: Browser, running: Service, folder: Path) -> None:
    with running.client() as client:
        for batch in client.get("/v1/batches").json()["items"]:
            client.delete(f"/v1/batches/{batch['id']}")
    with visit(chromium, running.url, expect=(409,), reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*sorted(folder.iterdir())[:60])
        expect(page.locator(".card[data-state=succeeded]").first).to_be_visible(timeout=30_000)
        wait_for(lambda: sent(running) == 60, 60, "everything sent")
        page.get_by_role("button", name="Stop the rest").click()
        wait_for(lambda: page.get_by_text("In progress 0").count(), 60, "everything stopped")
        page.get_by_role("button", name="Go on with stopped").click()
        expect(page.get_by_text("60 of 60 in colour")).to_be_visible(timeout=60_000)


def sent(running: Service) -> int:
    with running.client() as client:
        return sum(batch["total"] for batch in client.get("/v1/batches").json()["items"])


def test_a_paused_album_waits_over_a_reload_and_goes_on(
    chromium: Browser, running: Service, folder: Path
) -> None:
    with running.client() as client:
        for batch in client.get("/v1/batches").json()["items"]:
            client.delete(f"/v1/batches/{batch['id']}")
    with visit(chromium, running.url, reduced_motion="reduce") as visitor:
        page = visitor.page
        visitor.choose(*sorted(folder.iterdir())[:80])
        expect(page.locator(".card[data-state=succeeded]").first).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Resume")).to_be_focused()
        wait_for(lambda: sent(running) == 80, 60, "everything sent")
        with running.client() as client:
            [batch] = client.get("/v1/batches").json()["items"]
        assert batch["state"] == "paused"
        expect(page.get_by_text(re.compile("in colour, paused"))).to_be_visible()
        # Sent slowly enough, all of the first screenful is in colour by now.
        page.get_by_text(re.compile(r"^In progress \d")).click()
        expect(page.locator(".card-status", has_text="Paused").first).to_be_visible()
        # A single photograph goes before, pause or not.
        done = batch["counts"]["succeeded"]
        running.wait(running.upload((folder / "499.jpg").read_bytes()))
        with running.client() as client:
            later = client.get(batch["url"]).json()
        assert later["counts"]["succeeded"] - done <= 2

        page.reload()
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_text("81 of 81 in colour")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("button", name="Pause")).to_be_hidden()
