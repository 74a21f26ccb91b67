"""A photograph by its address: what a real server, honest or hostile, gets out of the service."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from typing import Any, cast

import pytest
import trustme
from fastapi.testclient import TestClient

from photochrom.errors import UrlUnreachable
from service.app import create_app
from service.deps import Services
from service.outbound.destinations import PinnedNetwork
from service.outbound.fetch import Fetcher, fetcher_of
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.ports import free_port
from support.servers.receiver import Answer, Receiver, receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
CANNOT = "The photograph's address does not answer, has no valid certificate, or is not public."


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "photos.example").configure_cert(context)
    return context


@pytest.fixture
def settings(settings: ServiceSettings) -> ServiceSettings:
    return settings.model_copy(update={"fetch_allowed_networks": LOOPBACK, "fetch_timeout": 20.0})


@pytest.fixture
def client(settings: ServiceSettings, authority: trustme.CA) -> Iterator[TestClient]:
    """The app, which trusts the test's authority, and for which photos.example is this machine."""
    app = create_app(settings)

    async def resolve(host: str, _port: int) -> list[str]:
        return {"photos.example": ["127.0.0.1"], "private.example": ["10.0.0.1"]}.get(host, [host])

    with TestClient(app, raise_server_exceptions=False) as client:
        services = cast("Services", app.state.services)
        assert services.fetcher is not None
        authority.configure_trust(services.fetcher.tls)
        network = PinnedNetwork(resolve, settings.fetch_allowed_networks, settings.fetch_ports)
        app.state.services = replace(services, fetcher=replace(services.fetcher, network=network))
        yield client


def at(to: Receiver, path: str = "/plate.jpg") -> str:
    return f"{to.scheme}://photos.example:{to.port}{path}"


def image(photo: bytes, **headers: str) -> Answer:
    return 200, {"Content-Type": "image/jpeg", **headers}, photo


def redirect(to: str, status: int = 302) -> Answer:
    return status, {"Location": to}, b""


def test_it_is_a_job_like_one_of_an_upload(client: TestClient, tls: ssl.SSLContext, photo: bytes) -> None:
    with receiver(image(photo), tls=tls) as to:
        body = {"url": at(to, "/a%20b.jpg?token=x"), "options": {"quality": 95, "hints": []}}
        fetched = client.post("/v1/jobs?vividness=0.7", json=body)
        seen = to.requests[0]
    assert fetched.status_code == 202, fetched.text
    sent = client.post(
        "/v1/jobs", files={"photo": ("a b.jpg", photo)}, params={"quality": 95, "vividness": 0.7}
    )
    apart = {"id", "url", "created_at", "queue_position"}
    assert {k: v for k, v in fetched.json().items() if k not in apart} == {
        k: v for k, v in sent.json().items() if k not in apart
    }
    assert client.get(f"/v1/jobs/{fetched.json()['id']}/original").content == photo
    assert seen.path == "/a%20b.jpg?token=x"
    assert {"cookie", "authorization", "referer"}.isdisjoint(seen.headers)
    assert seen.headers["host"] == f"photos.example:{to.port}"


@pytest.mark.parametrize(
    ("headers", "given", "name"),
    [
        ({"Content-Disposition": 'attachment; filename="../Plate 7.jpg"'}, {}, "Plate 7.jpg"),
        ({"Content-Disposition": 'attachment; filename="x.jpg"'}, {"name": "mine.jpg"}, "mine.jpg"),
        ({}, {}, "plate.jpg"),
    ],
)
def test_its_name_is_the_caller_s_or_the_server_s_or_the_address_s(
    client: TestClient,
    tls: ssl.SSLContext,
    photo: bytes,
    headers: dict[str, str],
    given: dict[str, str],
    name: str,
) -> None:
    with receiver(image(photo, **headers), tls=tls) as to:
        job = client.post("/v1/jobs", json={"url": at(to), **given}).json()
    assert job["original"]["name"] == name


def test_an_item_of_a_batch_comes_by_its_address_and_once(
    client: TestClient, tls: ssl.SSLContext, photo: bytes
) -> None:
    batch = client.post("/v1/batches", json={"options": {"quality": 80}}).json()["url"]
    with receiver(image(photo), tls=tls) as to:
        answers = [client.put(f"{batch}/items/a/1.jpg", json={"url": at(to)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert (answers[0].json()["item"], answers[0].json()["options"]["quality"]) == ("a/1.jpg", 80)


def test_redirects_are_followed_through_the_guard(
    client: TestClient, tls: ssl.SSLContext, photo: bytes
) -> None:
    with receiver(image(photo), tls=tls) as last, receiver(redirect(at(last, "/end.jpg")), tls=tls) as first:
        assert client.post("/v1/jobs", json={"url": at(first)}).json()["original"]["name"] == "end.jpg"
    with receiver(redirect("/again"), tls=tls) as to:
        refused = client.post("/v1/jobs", json={"url": at(to)})
        assert (refused.status_code, refused.json()["code"]) == (422, "url-unreachable")
        assert len(to.requests) == 6


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://photos.example/", "url-rejected"),
        ("https://user@photos.example/", "url-rejected"),
        ("https://169.254.169.254/latest/meta-data/", "url-rejected"),
        ("https://[::ffff:10.0.0.1]/", "url-rejected"),
        ("file:///etc/passwd", "url-rejected"),
        ("https://private.example/", "url-unreachable"),
        ("https://8.8.8.8:22/", "url-unreachable"),
    ],
)
@pytest.mark.parametrize("led", [False, True], ids=["named", "led to"])
def test_nothing_is_fetched_from_where_webhooks_are_not_sent(
    client: TestClient, tls: ssl.SSLContext, bench: Bench, target: str, code: str, led: bool
) -> None:
    with receiver(redirect(target), tls=tls) as to:
        refused = client.post("/v1/jobs", json={"url": at(to) if led else target})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert code == "url-rejected" or refused.json()["detail"] == CANNOT
    assert bench.on_disk() == []


def test_no_failure_to_connect_tells_the_network_apart(client: TestClient, tls: ssl.SSLContext) -> None:
    with receiver(200) as plain, receiver(200, tls=tls) as to:
        asked = [
            f"https://photos.example:{free_port()}/",
            f"https://photos.example:{plain.port}/",
            f"https://127.0.0.2:{to.port}/",  # another name than the certificate's
            "https://private.example/",
        ]
        said = {client.post("/v1/jobs", json={"url": url}).json()["detail"] for url in asked}
    assert said == {CANNOT}


def drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        handler.wfile.write(b"\xff")
        time.sleep(0.05)


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\xff\xd8\xffhalf")


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n\xff\xd8\xff\xe0")
    for _ in range(100_000):
        handler.wfile.write(b"x" * 10_000)


def informing(handler: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        while True:
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def crumbs(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    begun = b"".join(b"1\r\n%c\r\n" % byte for byte in b"\xff\xd8\xff\xe0" + bytes(200))
    with suppress(OSError):
        while True:
            handler.wfile.write(begun)
            begun = b"1\r\n\xff\r\n" * 1000


BAD: dict[str, tuple[Answer, int, str]] = {
    "not there": ((404, {}, b"no"), 422, "url-unreachable"),
    "a page": ((200, {"Content-Type": "image/jpeg"}, b"<!doctype html>" * 20), 415, "unsupported-format"),
    "nothing": (200, 422, "unreadable-photo"),
    "half": (half, 422, "url-unreachable"),
    "endless": (endless, 413, "photo-too-large"),
    "informational answers without end": (informing, 422, "url-unreachable"),
    "crumbs": (crumbs, 422, "url-unreachable"),
    "a redirect to no URL": (redirect("http://[photos"), 422, "url-rejected"),
    "only a redirect's status": ((302, {}, b""), 422, "url-unreachable"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_photograph_is_said_and_leaves_nothing(
    client: TestClient, tls: ssl.SSLContext, bench: Bench, case: str
) -> None:
    answer, status, code = BAD[case]
    with receiver(answer, tls=tls) as to:
        refused = client.post("/v1/jobs", json={"url": at(to)})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert bench.on_disk() == []


def test_no_server_takes_longer_than_it_may(client: TestClient, tls: ssl.SSLContext, bench: Bench) -> None:
    services = cast("Services", cast("Any", client.app).state.services)
    assert services.fetcher is not None
    brief = replace(services, fetcher=replace(services.fetcher, seconds=0.5))
    cast("Any", client.app).state.services = brief
    with receiver(drop_by_drop, tls=tls) as to:
        refused = client.post("/v1/jobs", json={"url": at(to)})
    assert refused.json()["detail"] == "The photograph did not arrive from its address within 0.5 s."
    assert bench.on_disk() == []


def plain_fetcher(settings: ServiceSettings) -> Fetcher:
    fetcher = fetcher_of(settings.model_copy(update={"fetch_allow_http": True}))
    assert fetcher is not None
    return fetcher


@pytest.mark.parametrize("flood", [informing, crumbs])
def test_others_have_their_turns_whatever_a_server_says(settings: ServiceSettings, flood: Answer) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def take(_: bytes) -> None:
        pass

    async def fetch(url: str) -> None:
        at_work = asyncio.create_task(others())
        with pytest.raises(UrlUnreachable):
            await plain_fetcher(settings).fetch(url, take)
        at_work.cancel()

    with receiver(flood) as to:
        asyncio.run(fetch(to.url))
    assert turns > 50


def test_one_owner_s_slow_addresses_leave_room_for_others(settings: ServiceSettings) -> None:
    over, got = threading.Event(), bytearray()

    async def take(chunk: bytes) -> None:
        got.extend(chunk)

    async def fetch(slow: str, quick: str) -> None:
        fetcher = plain_fetcher(settings)
        waiting = [asyncio.create_task(fetcher.fetch(slow, take, "ann")) for _ in range(32)]
        await asyncio.sleep(0)
        await fetcher.fetch(quick, take, "bob")
        over.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    with receiver(lambda _: cast("None", over.wait(30))) as slow, receiver((200, {}, b"a plate")) as quick:
        asyncio.run(fetch(slow.url, quick.url))
    assert got == b"a plate"


@pytest.mark.parametrize("name", ["reference", "split", "name", "url"])
def test_what_stands_beside_the_options_is_refused_among_them(client: TestClient, name: str) -> None:
    for given in (5, None, ["a"], "auto"):
        refused = client.post("/v1/jobs", json={"url": "https://photos.example/", "options": {name: given}})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-option"), refused.text
        assert name in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid-request"),
        ({"url": 1}, 422, "invalid-request"),
        ({"url": "https://a.example/", "quality": 3}, 422, "invalid-request"),
        ({"url": "https://a.example/", "name": "x" * 70_000}, 413, "request-too-large"),
    ],
)
def test_a_body_that_names_no_address_is_refused(
    client: TestClient, body: dict[str, object], status: int, code: str
) -> None:
    refused = client.post("/v1/jobs", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_an_option_that_does_not_exist_is_named(
    client: TestClient, tls: ssl.SSLContext, photo: bytes
) -> None:
    with receiver(image(photo), tls=tls) as to:
        refused = client.post("/v1/jobs", json={"url": at(to), "options": {"vivid": 1}})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-option")


def test_the_operator_can_forbid_it(settings: ServiceSettings) -> None:
    with TestClient(create_app(settings.model_copy(update={"fetch": False}))) as client:
        refused = client.post("/v1/jobs", json={"url": "https://photos.example/"})
    assert (refused.status_code, refused.json()["code"]) == (422, "url-rejected")
