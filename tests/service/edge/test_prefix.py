"""A service under a path: every address that it gives works there, whatever the proxy strips or says."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.edge.prefixes import joined
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.keyring import new_key

PROXY = "192.0.2.7"
TRUSTED = {"trusted_proxies": (ip_network(PROXY),)}


@contextmanager
def behind(settings: ServiceSettings, client: str = PROXY, **update: object) -> Iterator[TestClient]:
    """A caller whose requests come from this address."""
    app = create_app(settings.model_copy(update=TRUSTED | update))
    with TestClient(app, client=(client, 4711)) as caller:
        yield caller


def addresses_of(body: object) -> list[str]:
    """Every member of a body that is an address."""
    if isinstance(body, dict):
        own = [str(value) for name, value in body.items() if name.endswith("url") and value]
        return own + [found for value in body.values() for found in addresses_of(value)]
    return [found for value in body for found in addresses_of(value)] if isinstance(body, list) else []


@pytest.mark.parametrize("given", ["/photochrom", "/photochrom/", "/a, /photochrom", "/a/b.c/~d"])
@pytest.mark.parametrize("strips", [True, False])
def test_every_address_has_the_prefix_that_a_trusted_proxy_gives(
    settings: ServiceSettings, photo: bytes, finish: Callable[..., JobRecord], given: str, strips: bool
) -> None:
    prefix = joined(given)
    asked = "" if strips else prefix
    with behind(settings) as client:
        client.headers["X-Forwarded-Prefix"] = given
        made = client.post(f"{asked}/v1/jobs", content=photo)
        finish(made.json()["id"])
        batch = client.post(f"{asked}/v1/batches", json={"name": "Album"})
        item = client.put(f"{asked}/v1/batches/{batch.json()['id']}/items/a%2Fb.jpg", content=photo)
        assert item.json()["item"] == "a/b.jpg"
        one = client.get(f"{asked}/v1/jobs/{made.json()['id']}")
        many = client.get(f"{asked}/v1/jobs", params={"limit": 1})
        missing = client.get(f"{asked}/v1/jobs/nothing")
        slash = client.get(f"{asked}/v1/jobs/?limit=3", follow_redirects=False)
    told = [
        *(answer.headers["location"] for answer in (made, batch, item, slash)),
        re.findall("<(.*?)>", many.headers["link"])[0],
        missing.json()["instance"],
        *(found for answer in (made, batch, item, one, many) for found in addresses_of(answer.json())),
    ]
    assert len(told) >= 12
    assert all(address.startswith(f"{prefix}/v1/") for address in told), told
    assert not any(address.startswith(f"{prefix}{prefix}/") for address in told)


def test_events_have_it(settings: ServiceSettings, photo: bytes, finish: Callable[..., JobRecord]) -> None:
    with behind(settings, root_path="/photochrom") as client:
        job = client.post("/v1/jobs", content=photo).json()
        finish(job["id"])
        events = client.get(f"{job['url']}/events").text
    assert f'"url":"/photochrom/v1/jobs/{job["id"]}"' in events


@pytest.mark.parametrize(
    "given",
    [
        "//evil.example",
        "https://evil.example",
        "/a/../b",
        "/.",
        '/"><script>',
        "photochrom",
        "/ä",
        "/a b",
        "/%2e%2E/x",
        "/.%2e",
        "/a%2F%2fevil",
        "/%5Cevil",
        "/a%",
        "/%zz",
        "/%0d%0a",
        "/%00",
        "/%7f",
        "/x" * 101,
    ],
)
def test_what_is_not_a_path_is_not_heard(settings: ServiceSettings, photo: bytes, given: str) -> None:
    with behind(settings) as client:
        made = client.post("/v1/jobs", content=photo, headers={"X-Forwarded-Prefix": given.encode()})
        assert made.headers["location"] == f"/v1/jobs/{made.json()['id']}"
    with pytest.raises(ValidationError):
        ServiceSettings(root_path=given)


def test_nobody_but_a_trusted_proxy_is_believed(settings: ServiceSettings, photo: bytes) -> None:
    with behind(settings, client="192.0.2.8") as client:
        made = client.post("/v1/jobs", content=photo, headers={"X-Forwarded-Prefix": "/photochrom"})
        assert made.headers["location"] == f"/v1/jobs/{made.json()['id']}"


def test_the_setting_counts_more_than_the_header(settings: ServiceSettings) -> None:
    with behind(settings, root_path="/photochrom") as client:
        found = client.get("/v1/nothing", headers={"X-Forwarded-Prefix": "/other"})
    assert found.json()["instance"] == "/photochrom/v1/nothing"


def test_the_public_address_says_it_too() -> None:
    under = ServiceSettings(public_url="https://photos.example/photochrom")
    assert (under.prefix, under.links_begin) == ("/photochrom", "https://photos.example/photochrom")
    alone = ServiceSettings(root_path="/photochrom/")
    assert (alone.prefix, alone.links_begin) == ("/photochrom", "/photochrom")
    assert ServiceSettings(root_path="/").prefix == ""


def test_the_page_finds_its_files_with_and_without_a_slash(settings: ServiceSettings) -> None:
    with behind(settings, root_path="/photochrom") as client:
        led = client.get("/photochrom?photo=1", follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (308, "/photochrom/?photo=1")
        page = client.get("/photochrom/").text
        files = re.findall(r'(?:src|href)="([^"#]*)"', page)
        assert any(file.endswith("/main.js") for file in files)
        assert all(client.get(urljoin("/photochrom/", file)).status_code == 200 for file in files)
        assert client.get("/photochrom/docs").status_code == 200
        assert client.get("/photochrom/openapi.json").json()["servers"] == [{"url": "/photochrom"}]
    with behind(settings) as client:
        assert "servers" not in client.get("/openapi.json").json()
        relative = re.findall(r'(?:src|href)="([^"#]*)"', client.get("/").text)
        assert all(not file.startswith("/") for file in relative)


@pytest.mark.parametrize(
    ("scheme", "name", "path"),
    [
        ("http", "photochrom_session-photochrom", "/photochrom/"),
        # `__Host-` cookies are for the whole host, so the name has to tell two services apart.
        ("https", "__Host-photochrom_session-photochrom", "/"),
    ],
)
def test_the_session_is_one_of_this_path(
    settings: ServiceSettings, bench: Bench, scheme: str, name: str, path: str
) -> None:
    with behind(settings, root_path="/photochrom", auth="keys") as client:
        headers = {"X-Forwarded-Proto": scheme}
        signed_in = client.post("/v1/session", json={"key": new_key(bench)[1]}, headers=headers)
        cookie = signed_in.headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert f"Path={path};" in cookie
        shown = {**headers, "Cookie": cookie.partition(";")[0]}
        assert client.get("/v1/keys/me", headers=shown).status_code == 200
        ended = client.delete("/v1/session", headers=shown)
        assert f'{name}=""' in ended.headers["set-cookie"]
    with behind(settings, root_path="/other", auth="keys") as client:
        assert client.get("/v1/keys/me", headers=shown).status_code == 401
