"""JSON comes compressed, all else as it is, and tags stay true."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from photochrom.jobs.record import JobRecord
from service.edge.compression import JsonGzip, takes_gzip
from support.queue.queueing import Bench

LARGE = {"text": "abc " * 1000}


def app_with(answer: Callable[[], Response]) -> TestClient:
    def endpoint(_: object) -> Response:
        return answer()

    return TestClient(JsonGzip(Starlette(routes=[Route("/", endpoint)])))


def get(client: TestClient, coding: str) -> httpx.Response:
    return client.get("/", headers={"Accept-Encoding": coding})  # type: ignore[return-value]


@pytest.mark.parametrize("media_type", ["application/json", "application/problem+json"])
def test_large_json_comes_compressed_to_who_takes_it(media_type: str) -> None:
    client = app_with(lambda: JSONResponse(LARGE, media_type=media_type))
    packed, plain = get(client, "br, gzip"), get(client, "identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 200 < int(plain.headers["content-length"])
    assert packed.json() == plain.json() == LARGE
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers


def stream() -> Iterator[bytes]:
    yield from (b'{"a": 1}\n' * 200, b'{"a": 2}\n' * 200)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: JSONResponse({"small": 1}),
        lambda: Response(b"\0" * 9000, media_type="image/tiff"),
        lambda: Response("text " * 900, media_type="text/event-stream"),
        lambda: Response(b"PK" * 900, media_type="application/zip"),
        lambda: Response("{}\n" * 900, media_type="application/jsonl"),
        lambda: StreamingResponse(stream(), media_type="application/json"),
        lambda: JSONResponse(LARGE, headers={"Content-Encoding": "br"}),
        lambda: Response(status_code=204),
    ],
)
def test_all_else_comes_as_it_is(answer: Callable[[], Response]) -> None:
    client = app_with(answer)
    with client.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as packed:
        got = b"".join(packed.iter_raw())
    with client.stream("GET", "/", headers={"Accept-Encoding": "identity"}) as plain:
        assert b"".join(plain.iter_raw()) == got
    assert packed.headers == plain.headers


@pytest.mark.parametrize(
    ("given", "sent"), [('"strong"', 'W/"strong"'), ('W/"weak"', 'W/"weak"'), (None, None)]
)
def test_a_strong_tag_becomes_weak_on_other_bytes(given: str | None, sent: str | None) -> None:
    client = app_with(lambda: JSONResponse(LARGE, headers={"ETag": given} if given else {}))
    assert get(client, "gzip").headers.get("etag") == sent
    assert get(client, "identity").headers.get("etag") == given


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=1.0", True),
        ("*", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("br", False),
        ("gzipped", False),
        ("", False),
    ],
)
def test_who_takes_gzip(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_a_job_is_the_same_job_in_either_form(
    client: Any, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    """Its tag was got with one coding and is shown with the other; the file keeps its strong one, and its bytes."""
    job_id = bench.submit(photo).id
    finish(job_id, photo * 3)  # type: ignore[call-arg]
    url = f"/v1/jobs/{job_id}"
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    again = client.get(url, headers={"Accept-Encoding": "identity", "If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as raw:
        assert json.loads(gzip.decompress(b"".join(raw.iter_raw())))["id"] == job_id
    result = client.get(f"{url}/result", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in result.headers
    assert result.headers["etag"].startswith('"')
    part = client.get(f"{url}/result", headers={"Accept-Encoding": "gzip", "Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, (photo * 3)[5:10])
