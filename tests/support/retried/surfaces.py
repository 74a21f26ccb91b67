"""Findings of the second attacker: photographs by their address, and pages that are cut (S1 to S3)."""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any

import httpx
import psutil
from PIL import Image

from support.servers.receiver import Answer, receiver
from support.waiting import wait_for

from .finding import finding
from .ways import Way, Ways

FETCHING = {"PHOTOCHROM_FETCH_ALLOW_HTTP": "true", "PHOTOCHROM_FETCH_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
FLOODS, FRAMES, SIDE = 8, 40, 400


def _without_end(first: bytes, then: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def say(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            handler.wfile.write(first)
            while True:
                handler.wfile.write(then)

    return say


_INFORMING = _without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
_CRUMBS = _without_end(
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"1\r\n%c\r\n" % byte for byte in b"\xff\xd8\xff\xe0" + bytes(200)),
    b"1\r\n\xff\r\n" * 1000,
)


@finding("S1", f"{FLOODS} photographs from servers that inform without end, or send a byte at a time")
def floods(ways: Ways) -> str:
    with ways.started("floods", **FETCHING) as way:
        usual = _slowest_answer(way, lambda: time.sleep(1))
        slowest = 0.0
        for flood in (_INFORMING, _CRUMBS):
            with receiver(flood) as to:
                said: list[int] = []

                def fetch(url: str = to.url, said: list[int] = said) -> None:
                    with way.client() as client:
                        said.append(client.post("/v1/jobs", json={"url": url}).status_code)

                threads = [Thread(target=fetch) for _ in range(FLOODS)]

                def all_of_them(threads: list[Thread] = threads) -> None:
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()

                slowest = max(slowest, _slowest_answer(way, all_of_them))
                assert said == [422] * FLOODS, said
        assert slowest < max(1.0, 10 * usual), f"/healthz took {slowest:.2f} s, usually {usual:.2f} s"
    return (
        f"422 `url-unreachable`; in the meantime /healthz took {slowest:.2f} s at most, before {usual:.2f} s"
    )


def _slowest_answer(way: Way, meanwhile: Callable[[], None]) -> float:
    at_work, worst = Thread(target=meanwhile), 0.0
    at_work.start()
    with httpx.Client(timeout=60) as client:
        while at_work.is_alive():
            started = time.monotonic()
            client.get(f"{way.url}/healthz")
            worst = max(worst, time.monotonic() - started)
    return worst


@finding("S2", "redirects to no URL, and options that are none, in a body that names an address")
def not_ours(ways: Ways) -> str:
    with ways.started("addresses", **FETCHING) as way, way.client() as client:
        answer: Answer = (302, {"Location": "http://[photos"}, b"")
        with receiver(answer) as to:
            bodies: list[dict[str, Any]] = [
                {"url": to.url},
                *({"url": to.url, "options": {"reference": given}} for given in (5, ["a"], {"a": 1}, None)),
            ]
            found = [client.post("/v1/jobs", json=body) for body in bodies]
        assert {each.status_code for each in found} == {422}, [each.text for each in found]
        assert not [line for line in way.lines if "Traceback" in line]
    return "422 `url-rejected` and `invalid-option`, and no traceback"


@finding("S3", f"a worker killed while it cuts {FRAMES} photographs out of a page")
def killed_while_cutting(ways: Ways) -> str:
    with ways.started("pages") as way, way.client() as client:
        page = io.BytesIO()
        Image.effect_noise((8 * SIDE, 5 * SIDE), 60).save(page, "PNG")
        sent = client.post("/v1/pages?name=photo%20.png", content=page.getvalue()).json()
        wait_for(lambda: client.get(sent["url"]).json()["state"] == "succeeded", 120, "the page")
        frames = [
            {"x": SIDE * (n % 8 + 0.5), "y": SIDE * (n // 8 + 0.5), "width": 300, "height": 300, "angle": 7}
            for n in range(FRAMES)
        ]
        framed = client.put(f"{sent['url']}/frames", json={"pages": [{"frames": frames}]})
        assert framed.status_code == 200, framed.text
        batch = client.post(f"{sent['url']}/batch").json()["url"]
        wait_for(lambda: client.get(batch).json()["total"] > 3, 120, "the first photographs")
        killed, at = _kill_workers(way), time.monotonic()
        before = client.get(batch).json()["total"]

        def again() -> bool:
            items = client.get(f"{batch}/items?limit=100").json()["items"]
            return any(item["kind"] == "page" and item["attempt"] > 1 for item in items)

        if before <= FRAMES:
            wait_for(again, 60, "another attempt")
        back = time.monotonic() - at
        wait_for(lambda: client.get(batch).json()["state"].startswith("completed"), 300, "the batch")
        items = client.get(f"{batch}/items?limit=100").json()["items"]
        names = [item["item"] for item in items if item["kind"] == "photograph"]
        assert {item["state"] for item in items} == {"succeeded"}, items
        assert (len(names), len(set(names))) == (FRAMES, FRAMES), names
    return f"{killed} killed after {before - 1} photographs, back after {back:.1f} s; {FRAMES} in colour, none twice"


def _kill_workers(way: Way) -> int:
    workers = [process for process in way.processes() if "--single" in process.cmdline()]
    for process in workers:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return len(workers)
