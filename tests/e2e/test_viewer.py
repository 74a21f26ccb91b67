"""What the service says to IIIF viewers, seen in one: OpenSeadragon, on a page of another origin."""

import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from support.page.browser import openseadragon
from support.servers.running import Service, service

PAGE = """<!doctype html><title>Viewer</title>
<style>body { margin: 0 } #viewer { width: 600px; height: 400px }</style>
<div id="viewer"></div><script src="openseadragon.min.js"></script>
<script>
async function show(manifest, choice) {
  const canvas = (await (await fetch(manifest)).json()).items[0];
  const picture = canvas.items[0].items[0].body.items[choice];
  const tileSource = await (await fetch(picture.service[0].id + "/info.json")).json();
  const viewer = OpenSeadragon({ id: "viewer", drawer: "canvas", showNavigationControl: false, animationTime: 0,
    crossOriginPolicy: "Anonymous", tileSources: tileSource, minZoomImageRatio: 0 });
  const failures = [];
  viewer.addHandler("tile-load-failed", (event) => failures.push(event.message + " " + event.tile.getUrl()));
  await new Promise((shown) => viewer.addOnceHandler("open", shown));
  await settled(viewer);
  const home = colors();
  const size = viewer.world.getItemAt(0).getContentSize();
  viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true);
  await settled(viewer);
  const close = colors();
  viewer.destroy();
  return { label: picture.label.en[0], size: [size.x, size.y], canvas: [canvas.width, canvas.height],
           home, close, failures };
}
function settled(viewer) {
  return new Promise((done) => {
    const look = () => viewer.world.getItemAt(0).getFullyLoaded() && viewer.drawer ? requestAnimationFrame(() =>
      requestAnimationFrame(done)) : setTimeout(look, 50);
    setTimeout(look, 50);
  });
}
function colors() {
  const canvas = document.querySelector("#viewer canvas");
  const { data } = canvas.getContext("2d").getImageData(canvas.width / 2 - 50, canvas.height / 2 - 50, 100, 100);
  let light = 0, chroma = 0;
  for (let i = 0; i < data.length; i += 4) {
    light += data[i + 1];
    chroma += Math.abs(data[i] - data[i + 1]) + Math.abs(data[i + 1] - data[i + 2]);
  }
  return { light: light / (data.length / 4), chroma: chroma / (data.length / 4) };
}
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A page with a viewer, on a port of its own."""
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "openseadragon.min.js").write_bytes(openseadragon().read_bytes())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def viewer(tmp_path: Path) -> Iterator[str]:
    with site(tmp_path / "site") as url:
        yield url


@pytest.fixture
def running(tmp_path: Path, viewer: str, tiny: dict[str, str]) -> Iterator[Service]:
    with service(tmp_path / "data", PHOTOCHROM_IIIF_ORIGINS=f'["{viewer}"]', **tiny) as started:
        yield started


def scan() -> bytes:
    """A grey JPEG of three scales that lies on its side."""
    across = np.linspace(60, 190, 1700)[None] + np.zeros((1100, 1))
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(across.astype(np.uint8)).save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


def shown(page: Page, manifest: str, choice: int) -> dict[str, Any]:
    return dict(page.evaluate("([manifest, choice]) => show(manifest, choice)", [manifest, choice]))


def test_a_viewer_shows_colour_and_grey_whole_and_at_full_scale(
    chromium: Browser, running: Service, viewer: str
) -> None:
    job = running.upload(scan())
    running.wait(job)
    said: list[str] = []
    context = chromium.new_context(viewport={"width": 700, "height": 500})
    try:
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(viewer)
        manifest = f"{running.url}/v1/jobs/{job}/iiif/manifest.json"
        color, grey = (shown(page, manifest, choice) for choice in (0, 1))
    finally:
        context.close()
    assert (color["label"], grey["label"]) == ("In colour", "As scanned")
    for picture in (color, grey):
        assert picture["size"] == picture["canvas"] == [1100, 1700]
        assert picture["failures"] == []
        for near in ("home", "close"):
            assert 90 < picture[near]["light"] < 160
    assert min(color["home"]["chroma"], color["close"]["chroma"]) > 10
    assert max(grey["home"]["chroma"], grey["close"]["chroma"]) < 2
    assert [line for line in said if "favicon" not in line and "404" not in line] == []
