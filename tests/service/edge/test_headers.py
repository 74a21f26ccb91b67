"""What browsers are told: by every route, by every error, whatever made the answer."""

import base64
import hashlib
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from starlette.routing import Mount, Route

from service.app import create_app
from service.edge.headers import ALWAYS
from service.settings import ServiceSettings
from support.page.browser import browser
from support.queue.queueing import Bench

FOREIGN = {"Origin": "https://evil.example"}
FRIEND = "https://friend.example"


def told(settings: ServiceSettings, **changes: object) -> TestClient:
    return TestClient(create_app(settings.model_copy(update=changes)), raise_server_exceptions=False)


def assert_complete(answer: httpx.Response) -> None:
    headers = answer.headers
    fixed = ALWAYS.keys() - {"Content-Security-Policy", "Cache-Control"}
    assert {name: headers.get(name) for name in fixed} == {name: ALWAYS[name] for name in fixed}, answer
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert re.search(r"script-src[^;]*unsafe-inline", policy) is None
    assert "max-age" not in headers["cache-control"] or "private" in headers["cache-control"]
    assert re.search("no-store|no-cache|private", headers["cache-control"])
    for name in ("access-control-allow-origin", "access-control-allow-credentials", "server"):
        assert name not in headers


def calls(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method of every route, with ids that nothing has."""
    for route in [*app.routes, *app.state.calls]:
        path = route.path + "/swagger-ui.css" if isinstance(route, Mount) else getattr(route, "path", "")
        methods = route.methods if isinstance(route, APIRoute | Route) else {"GET"}
        yield from ((method, re.sub(r"\{[^}]*\}", "x", path)) for method in methods or ())


def test_every_route_answers_with_all_of_them(settings: ServiceSettings, bench: Bench) -> None:
    with told(settings) as client:
        found = sorted(set(calls(client.app)))  # type: ignore[arg-type]
        assert len(found) > 60
        for method, path in found:
            assert_complete(client.request(method, path, headers=FOREIGN if method == "GET" else {}))


ERRORS = {
    403: ("POST", "/v1/batches", FOREIGN, b""),
    404: ("GET", "/nowhere", {}, b""),
    405: ("PUT", "/healthz", {}, b""),
    409: ("GET", "/v1/jobs/{job}/result", {}, b""),
    413: ("POST", "/v1/batches", {"Content-Type": "application/json"}, b" " * 70_000),
    415: ("POST", "/v1/jobs", {"Content-Type": "image/jpeg"}, b"%PDF-1.7"),
    416: ("GET", "/v1/jobs/{job}/original", {"Range": "bytes=99999999-"}, b""),
    422: ("POST", "/v1/jobs?quality=none", {"Content-Type": "image/jpeg"}, b"\xff\xd8\xff"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_every_refusal_has_them(client: TestClient, photo: bytes, status: int) -> None:
    method, path, headers, body = ERRORS[status]
    if "{job}" in path:
        path = path.format(job=client.post("/v1/jobs", content=photo).json()["id"])
    answer = client.request(method, path, headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert_complete(answer)


def test_an_error_of_ours_has_them(settings: ServiceSettings, bench: Bench) -> None:
    app = create_app(settings)

    @app.get("/broken")
    def broken() -> None:
        raise AssertionError

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert_complete(answer)


def test_a_foreign_host_and_a_missing_key_have_them(settings: ServiceSettings, bench: Bench) -> None:
    with told(settings, auth="keys") as client:
        for headers, status in (({"Host": "evil.example"}, 403), ({}, 401)):
            answer = client.get("/v1/jobs", headers=headers)
            assert answer.status_code == status
            assert_complete(answer)


def test_no_origin_may_read_unless_it_was_let_in(settings: ServiceSettings, bench: Bench) -> None:
    asking = {"Origin": FRIEND, "Access-Control-Request-Method": "PUT"}
    with told(settings) as closed:
        for answer in (closed.get("/v1/jobs", headers=asking), closed.options("/v1/jobs", headers=asking)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
    with told(settings, cors_origins=(FRIEND,)) as opened:
        for answer in (opened.get("/v1/jobs", headers=asking), opened.options("/v1/jobs", headers=asking)):
            assert answer.headers["access-control-allow-origin"] == FRIEND
            assert ALWAYS.items() <= {name: answer.headers.get(name) for name in ALWAYS}.items()
        other = {**asking, **FOREIGN}
        for answer in (opened.get("/v1/jobs", headers=other), opened.options("/v1/jobs", headers=other)):
            assert "access-control-allow-origin" not in answer.headers


def test_the_docs_run_their_own_scripts_and_no_other(client: TestClient) -> None:
    page = client.get("/docs")
    inline = re.search(rb"<script>(.*?)</script>", page.content, re.DOTALL)
    assert inline is not None
    digest = base64.b64encode(hashlib.sha256(inline[1]).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in page.headers["content-security-policy"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def test_the_docs_are_shown_under_that_policy(server_url: str, chromium: Browser) -> None:
    page, said = chromium.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server_url}/docs")
    page.locator(".opblock").first.wait_for()
    assert not [text for text in said if "Content Security Policy" in text]
