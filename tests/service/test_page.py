"""The page's files and the rules under which they are served."""

import gzip
import posixpath
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import service.page
from service.page import needed_at_once, page_router, read_assets, unannotated, version_of

ASSETS = read_assets()
FOLDER = Path(service.page.__file__).parent / "web"
SCRIPTS = sorted(name for name in ASSETS if name.endswith(".js"))


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(page_router())
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", *(f"/web/{name}" for name in ASSETS if name != "index.html")])
def test_every_file_is_served_under_the_policy(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_the_page_names_its_files_by_an_address_that_browsers_keep(client: TestClient) -> None:
    named = set(re.findall(r'"(web/[^"]+)"', client.get("/").text))
    folder = f"web/{version_of(ASSETS)}"
    assert named
    assert all(address.startswith(f"{folder}/") for address in named)
    for address in (*named, f"{folder}/album/album.js"):
        assert "immutable" in client.get(f"/{address}").headers["cache-control"]
    older = client.get(f"/web/{'0' * 16}/main.js")
    assert older.content == ASSETS["main.js"].plain
    assert older.headers["cache-control"] == client.get("/").headers["cache-control"] == "no-cache"
    changed = {**ASSETS, "main.js": ASSETS["base.css"]}
    assert version_of(changed) != version_of(ASSETS)


def test_scripts_that_are_needed_at_once_are_asked_for_at_once(client: TestClient) -> None:
    """What comes later is imported by a call, and what is named here has imports of its own: nothing is missing."""
    page = client.get("/").text
    folder = f"web/{version_of(ASSETS)}"
    named = re.findall(rf'<link rel="modulepreload" href="{folder}/([^"]+)">', page)
    assert ["main.js", *named] == needed_at_once(ASSETS)
    for name in ["main.js", *named]:
        for imported in re.findall(r"from \"(\.[^\"]+)\"", ASSETS[name].plain.decode()):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)) in [
                "main.js",
                *named,
            ]
    # Half of the scripts, by their size: the first paint waits for no photograph to be opened.
    at_once = sum(len(ASSETS[name].packed) for name in named)
    assert at_once < 0.6 * sum(len(ASSETS[name].packed) for name in SCRIPTS)
    assert not any(name.startswith(("viewer/", "album/")) for name in named)


def test_scripts_are_sent_without_what_is_for_their_readers() -> None:
    script = b"""/** Says why. */
export function greet() {
  // A reason.
  return "http://a"; // said
}
/* open
   still open */
const pattern = /^\\/\\//;
"""
    sent = b"""
export function greet() {

return "http://a"; // said
}
/* open
still open */
const pattern = /^\\/\\//;
"""
    assert unannotated(script) == sent


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_text_of_a_script_goes_over_several_lines(name: str) -> None:
    """Indentation and lines that look like comments are part of a text that does."""
    for line in (FOLDER / name).read_text().splitlines():
        assert line.count("`") % 2 == 0, line


def test_types_are_what_browsers_insist_on(client: TestClient) -> None:
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/web/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/web/base.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/web/icon.svg").headers["content-type"] == "image/svg+xml"


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": f'W/"other", {first.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


def test_compressed_only_for_who_asks(client: TestClient) -> None:
    packed = client.get("/web/main.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/web/main.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == ASSETS["main.js"].plain


def test_other_bytes_have_another_tag(client: TestClient) -> None:
    tags = {}
    for coding in ("gzip", "identity"):
        headers = {"Accept-Encoding": coding}
        tags[coding] = client.get("/", headers=headers).headers["etag"]
        assert client.get("/", headers={**headers, "If-None-Match": tags[coding]}).status_code == 304
    assert tags["gzip"] != tags["identity"]
    crossed = {"Accept-Encoding": "identity", "If-None-Match": tags["gzip"]}
    assert client.get("/", headers=crossed).status_code == 200


@pytest.mark.parametrize(
    "path", ["/web/", "/web/nothing.js", "/web/../page.py", "/web/%2e%2e/page.py", "/web//etc/passwd"]
)
def test_nothing_but_the_pages_own_files(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_head_has_no_body(client: TestClient) -> None:
    response = client.head("/")
    assert response.status_code == 200
    assert response.content == b""


def test_the_script_stays_small() -> None:
    """What is fetched only by those who bring an album page has a bound of its own, and nobody else fetches it."""
    packed = {name: len(gzip.compress(ASSETS[name].plain, 9)) for name in SCRIPTS}
    albums = {name for name in SCRIPTS if name.startswith("album/")}
    assert sum(size for name, size in packed.items() if name not in albums) <= 60 * 1024
    assert sum(packed[name] for name in albums) <= 8 * 1024
    usual = "".join(ASSETS[name].plain.decode() for name in SCRIPTS if name not in albums)
    assert not re.search(r"from \"[./]*album/", usual)


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = ASSETS[name].plain.decode()
    addresses = set(re.findall(r"https?://[^\s\"'`)>]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_import_is_a_file_of_the_page(name: str) -> None:
    for imported in re.findall(r"from \"(\.[^\"]+)\"", ASSETS[name].plain.decode()):
        assert posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)) in ASSETS


def test_markup_has_no_script_or_style_of_its_own() -> None:
    page = ASSETS["index.html"].plain.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize("refusing", ["gzip;q=0", "gzip; q=0.000, br", "*;q=0", "br", "not-gzip"])
def test_who_refuses_gzip_gets_none(client: TestClient, refusing: str) -> None:
    answer = client.get("/web/main.js", headers={"Accept-Encoding": refusing})
    assert "content-encoding" not in answer.headers
