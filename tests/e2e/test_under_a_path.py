"""The service under a path of another site, behind a real nginx: as docs/deployment.md says it, and two other ways."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from photochrom_client import Client
from support.networks.tiny_model import tiny_model
from support.page.browser import visit
from support.pictures.photographs import grey_jpeg
from support.servers.nginx import nginx
from support.servers.running import ROOT, Service, command, service

SOON = 30_000


def documented() -> str:
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def stripping() -> str:
    """The proxy takes the path off."""
    return documented().replace(":8000;", ":8000/;")


def silent() -> str:
    """It does so, and tells nobody."""
    return re.sub(".*X-Forwarded-Prefix.*", "", stripping())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for keys, and whose network costs nothing."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "tiny.onnx").write_bytes(tiny_model())
    with service(
        folder / "data", PHOTOCHROM_AUTH="keys", PHOTOCHROM_MODEL_PATH=str(folder / "tiny.onnx")
    ) as started:
        yield started


@pytest.fixture(scope="module")
def key(running: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    data = next(tmp_path_factory.getbasetemp().glob("service*/data"))
    said, _ = command("keys", "create", "visitor", "--data", str(data)).communicate(timeout=60)
    return next(line for line in said.splitlines() if line.startswith("phc_"))


@pytest.fixture
def url(running: Service, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address under which the service is reached; the parameter says how."""
    locations = request.param().replace("http://127.0.0.1:8000", running.url)
    with nginx(tmp_path, locations) as site:
        yield f"{site}/photochrom"


every_way = pytest.mark.parametrize("url", [documented, stripping, silent], indirect=True)
told = pytest.mark.parametrize("url", [documented, stripping], indirect=True)


@every_way
def test_the_page_from_the_key_to_the_download(chromium: Browser, url: str, key: str) -> None:
    # The page begins as for a first visitor.
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for job in client.get(f"{url}/v1/jobs").json()["items"]:
            client.delete(f"{url}/v1/jobs/{job['id']}")
    # 401 is the answer before there is a key; all requests have to stay under the path.
    with visit(chromium, url, expect=(401,), reduced_motion="reduce") as visitor:
        page = visitor.page
        page.get_by_label("Key", exact=True).fill(key)
        page.get_by_role("button", name="Sign in").click()
        visitor.choose({"name": "lake.jpg", "mimeType": "image/jpeg", "buffer": grey_jpeg()})
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        with page.expect_download() as started:
            page.get_by_role("link", name="Download", exact=True).click()
        assert Path(started.value.path()).read_bytes().startswith(b"\xff\xd8")
        expect(page.get_by_role("link", name="Photochrom")).to_have_attribute("href", "/photochrom/")
        page.reload()
        expect(page.get_by_role("slider", name="Compare before and after")).to_be_visible(timeout=SOON)
        page.get_by_role("button", name="Back to all photographs").click()
        expect(page.get_by_role("listitem").filter(has_text="lake.jpg")).to_be_visible(timeout=SOON)


@told
def test_calls_can_be_tried_in_the_documents(chromium: Browser, url: str) -> None:
    with visit(chromium, f"{url}/docs") as visitor:
        visitor.url = url
        visitor.foreign.clear()
        # Swagger's page takes seconds of a core to show that many calls.
        visitor.page.set_default_timeout(120_000)
        call = visitor.page.locator(".opblock", has_text="/healthz")
        call.click()
        call.get_by_role("button", name="Try it out").click()
        call.get_by_role("button", name="Execute").click()
        expect(call.locator(".live-responses-table")).to_contain_text("200", timeout=SOON)


@told
def test_every_address_of_an_answer_leads_to_what_it_names(url: str, key: str) -> None:
    site, headers = url.removesuffix("/photochrom"), {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=site, headers=headers, timeout=60) as client:
        made = client.post(f"{url}/v1/jobs", content=grey_jpeg(size=(96, 64)), headers={"Prefer": "wait=50"})
        client.post(f"{url}/v1/jobs", content=grey_jpeg(size=(96, 64)))
        assert client.get(made.headers["location"]).json()["id"] == made.json()["id"]
        assert client.get(made.json()["result"]["url"]).status_code == 200
        events = client.get(f"{made.json()['url']}/events")
        assert f'"url":"/photochrom/v1/jobs/{made.json()["id"]}"' in events.text
        pages = client.get(f"{url}/v1/jobs?limit=1")
        assert client.get(pages.links["next"]["url"]).status_code == 200
        slash = client.get(f"{url}/v1/limits/", follow_redirects=True)
        assert (slash.status_code, slash.url.path) == (200, "/photochrom/v1/limits")


@every_way
def test_the_client_and_the_command_line(url: str, key: str, tmp_path: Path) -> None:
    album = tmp_path / "album"
    names = {"one.jpg", "deep/Tante Ö 10:30?#.jpeg", "deep/100%25 %2F.jpg"}
    (album / "deep").mkdir(parents=True)
    for number, name in enumerate(sorted(names)):
        (album / name).write_bytes(grey_jpeg(size=(96, 64 + number)))
    with Client(url, api_key=key) as client:
        job = client.jobs.wait(client.jobs.submit(album / "one.jpg").id)
        assert client.jobs.download(job, tmp_path / "result.jpg").read_bytes().startswith(b"\xff\xd8")
    sent = command(
        "batch", str(album), "--to", str(tmp_path / "out"), "--server", url, PHOTOCHROM_API_KEY=key
    )
    said, _ = sent.communicate(timeout=120)
    assert sent.returncode == 0, said
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.jp*g")}
    assert found == names
