"""Findings about who gets in, and who stays in (F2, F11, F12, F16, F18, F20)."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import Scope
from photochrom.webhooks.store import WebhookStore
from support.servers.receiver import receiver
from support.waiting import wait_for

from .finding import finding
from .ways import Way, Ways, parts

FORBIDDEN = (
    "http://168.63.129.16/hook", "https://168.63.129.16/hook", "https://169.254.169.254/hook", "https://10.0.0.1/",
    "https://photos.example:22/hook", "https://photos.example:6379/hook", "https://[::1]/hook", "https://localhost/",
)  # fmt: skip


@finding(
    "F2", "another host's name, where the port is published on this machine alone and no key is asked for"
)
def rebinding(ways: Ways) -> str:
    published = {
        "PHOTOCHROM_HOST": "0.0.0.0",
        "PHOTOCHROM_PUBLISH": "127.0.0.1:8000",
        "PHOTOCHROM_AUTH": "none",
    }
    with parts(ways.folder / "published", ways.env, "service", **published) as way, way.client() as client:
        evil = {"Host": "evil.example", "Origin": "http://evil.example"}
        answers = [client.get("/v1/jobs", headers=evil), client.post("/v1/batches", headers=evil)]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert client.get("/v1/jobs").status_code == 200
    with ways.up.client() as client:
        assert client.get("/v1/jobs", headers=evil).status_code == 403
    return f"403 `{answers[0].json()['code']}`, as compose sets it and in `photochrom up`"


@finding("F11", "the modes of the embedded queue's folder and files")
def modes(ways: Ways) -> str:
    queue = ways.up.data / "queue"
    files = [queue, *queue.rglob("*")]
    assert not queue.stat().st_mode & 0o077, oct(queue.stat().st_mode)
    return f"{len(files)} looked at: the folder is its user's alone"


@finding("F12", "webhooks to a cloud's own addresses, private ones, and ports that are not the web's")
def destinations(ways: Ways) -> str:
    with parts(ways.folder / "strict", ways.env, "service", PHOTOCHROM_WEBHOOK_ALLOWED_NETWORKS="[]",
               PHOTOCHROM_WEBHOOK_ALLOW_HTTP="false") as way, way.client() as client:  # fmt: skip
        taken = [
            url for url in FORBIDDEN if client.post("/v1/webhooks", json={"url": url}).status_code != 422
        ]
    # A name is looked up when something is sent; an address and a port are known at once.
    assert not taken, taken
    return f"all {len(FORBIDDEN)} refused"


@finding("F16", "the queue's server stands still for ten seconds")
def hung_queue(ways: Ways) -> str:
    with ways.started("hung-queue") as way, way.client() as client, _still(way):
        started = time.monotonic()
        status = client.get("/v1/jobs").status_code
        seconds = time.monotonic() - started
        assert status == 503, status
        assert client.get("/healthz").status_code == 200
    return f"503 after {seconds:.0f} s, /healthz 200"


@contextmanager
def _still(way: Way) -> Iterator[None]:
    [server] = [one for one in way.processes() if "valkey-server" in one.name()]
    server.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        psutil.Process(server.pid).send_signal(signal.SIGCONT)


@finding("F18", "a key that may only read asks for suggestions; one that may write asks and is counted")
def suggestions(ways: Ways) -> str:
    way = ways.parts
    url = way.done()
    with way.client() as client:
        counted = [client.get("/v1/limits").json()]
        asked = client.get(f"{url}/suggestions?x=0&y=0").status_code
        counted.append(client.get("/v1/limits").json())
    assert counted[0] != counted[1], "it was not counted"
    waiting = way.redis.lrange("rq:queue:photochrom", 0, -1)
    assert len([one for one in waiting if one.endswith(b"-suggestions")]) <= 1
    return f"{asked}: counted as a photograph; one at a time of an owner, behind who has waited for long"


@finding("F20", "a revoked key's webhook, of an admin, while others' photographs go on")
def revoked(ways: Ways) -> str:
    way = ways.parts
    key_id, shown = way.key(Scope.ADMIN, Scope.READ, Scope.WRITE, Scope.ALL_EVENTS)
    with receiver() as heard:
        with way.client(**shown) as client:
            made = client.post("/v1/webhooks", json={"url": heard.url, "batch_items": True})
            assert made.status_code == 201, made.text
        way.done()
        heard.wait(1, 60)
        KeyStore(way.redis).revoke(key_id)
        before = len(heard.requests)
        way.done()
        webhooks = WebhookStore(way.redis)
        wait_for(lambda: webhooks.get(made.json()["id"]).disabled, 60, "the webhook to be disabled")
        assert len(heard.requests) == before, "it heard of a job after its key was revoked"
    return "disabled, and nothing was sent after the key's end"
