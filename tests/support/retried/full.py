"""Findings about what is full, hung or gone (F14, F15, F19, F22, F24)."""

import io
import signal
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx

from photochrom.access.key_store import SESSIONS
from photochrom.access.keys import Scope
from support.pictures.photographs import grey_jpeg
from support.servers.silent import Silent
from support.waiting import wait_for

from .finding import finding
from .ways import Way, Ways, parts

OPEN, ACTIONS, ASKED, ZEROS = 20, 40, 42, 100 << 20


@finding("F14", "as many batches, sessions and test events as the service will take of one key")
def ledger(ways: Ways) -> str:
    limits = {"PHOTOCHROM_OPEN_BATCHES": str(OPEN), "PHOTOCHROM_DAILY_ACTIONS": str(ACTIONS)}
    with parts(ways.folder / "ledger", ways.env, "service", **limits) as way:
        way.headers = way.key(Scope.READ, Scope.WRITE)[1]
        with way.client() as client:
            batches = [client.post("/v1/batches").status_code for _ in range(OPEN + 5)]
            webhook = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/hook"}).json()["id"]
            pings = [client.post(f"/v1/webhooks/{webhook}:ping").status_code for _ in range(ACTIONS + 5)]
            token = way.headers["Authorization"].removeprefix("Bearer ")
            for _ in range(SESSIONS + 10):
                client.post("/v1/session", json={"key": token})
        sessions = len(list(way.redis.scan_iter("session:*", count=1000)))
        assert batches.count(201) == OPEN, batches
        assert (batches[-1], pings[-1]) == (409, 429), (batches, pings)
        assert sessions <= SESSIONS, f"{sessions} sessions"
    return f"{OPEN} open batches, then 409; {pings.count(202)} test events, then 429; {sessions} sessions"


@finding("F15", "the queue's server has no memory left, with keys")
def no_memory(ways: Ways) -> str:
    with parts(ways.folder / "no-memory", ways.env) as way:
        job = way.done()
        with way.client() as client, _full(way):
            reads = [
                client.get(path).status_code for path in ("/v1/jobs", job, f"{job}/result", "/v1/limits")
            ]
            sent = client.post("/v1/jobs", content=grey_jpeg(size=(32, 32))).status_code
            gone = client.delete(job).status_code
    assert (reads, sent, gone) == ([200] * 4, 507, 204), (reads, sent, gone)
    return "four reads 200, an upload 507, DELETE 204"


@contextmanager
def _full(way: Way) -> Iterator[None]:
    way.redis.config_set("maxmemory", way.redis.info("memory")["used_memory"] - 100_000)
    try:
        yield
    finally:
        way.redis.config_set("maxmemory", 0)


@finding(
    "F19",
    "a zip of four entries that unfold to 100 MB of zeros each; an upload below the floor of free space",
)
def unfolding(ways: Ways) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.jpg", b"\xff\xd8\xff\xe0" + bytes(ZEROS))
    for way in ways.both:
        before = _size(way)
        with way.client() as client:
            batch = client.post("/v1/batches").json()["url"]
            report = client.post(f"{batch}/archive", content=packed.getvalue()).json()
        assert report.get("accepted", 0) == 0, report
        assert _size(way) - before < ZEROS, "the zeros are kept"
    with parts(ways.folder / "floor", ways.env, "service", PHOTOCHROM_MIN_FREE_BYTES=str(1 << 62)) as way:
        with way.client() as client:
            refused = client.post("/v1/jobs", content=grey_jpeg(size=(32, 32)))
        assert refused.status_code == 507, refused.text
    return "no entry taken, nothing kept; below the floor 507"


def _size(way: Way) -> int:
    return sum(path.stat().st_size for path in (way.data / "photos").rglob("*") if path.is_file())


@finding("F22", f"a store that never answers, and {ASKED} callers of /readyz without a key")
def hung_store(ways: Ways) -> str:
    silent = Silent()
    store = {
        "PHOTOCHROM_STORAGE": "s3://photographs/here",
        "PHOTOCHROM_S3_ENDPOINT": f"http://127.0.0.1:{silent.port}",
        "PHOTOCHROM_S3_ACCESS_KEY_ID": "photochrom",
        "PHOTOCHROM_S3_SECRET_ACCESS_KEY": "secret",
    }
    try:
        with parts(ways.folder / "hung-store", ways.env, "service", **store) as way:
            return _asked(way)
    finally:
        silent.end()


def _asked(way: Way) -> str:
    def ask(_: int) -> int:
        return httpx.get(f"{way.url}/readyz", timeout=60, verify=False).status_code

    with ThreadPoolExecutor(ASKED) as callers, way.client() as client:
        asking = callers.map(ask, range(ASKED))
        started = time.monotonic()
        assert client.get("/v1/jobs").status_code == 200
        seconds = time.monotonic() - started
        assert set(asking) == {503}
    return f"GET /v1/jobs 200 in {seconds:.1f} s, /readyz 503"


@finding("F24", "kill -9 of the API of `photochrom up`")
def killed(ways: Ways) -> str:
    with ways.started("killed") as way:
        [api] = [one for one in way.processes() if one.cmdline()[-1:] == ["service"]]
        api.send_signal(signal.SIGKILL)
        started = time.monotonic()

        def answers() -> bool:
            with suppress(httpx.HTTPError), way.client() as client:
                return client.get("/readyz").status_code == 200
            return False

        wait_for(lambda: not api.is_running() and answers(), 120, "the API")
        way.done()
    return f"ready again after {time.monotonic() - started:.0f} s, and a photograph is coloured"
