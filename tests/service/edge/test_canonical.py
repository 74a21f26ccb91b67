"""Requests as RFC 9112 lets clients write them."""

import re
import socket
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.edge.routing import ACTIONS


def said_to(url: str, text: str) -> str:
    """The whole answer to a request, byte for byte."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(text.replace("\n", "\r\n").encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://{host}/healthz", "{host}", 200),
        ("HTTP://{host}/healthz?x=1", "{host}", 200),
        ("http://{host}", "{host}", 200),
        ("http://{host}/v1/jobs?limit=0", "{host}", 422),
        ("http://{host}/nowhere", "{host}", 404),
        # The target's host counts, not the header's.
        ("http://{host}/healthz", "evil.example", 200),
        ("http://evil.example/healthz", "{host}", 403),
        ("http://[/healthz", "{host}", 404),
    ],
)
def test_a_target_in_absolute_form_is_served(server_url: str, target: str, host: str, status: int) -> None:
    known = urlsplit(server_url).netloc
    answer = said_to(
        server_url, f"GET {target} HTTP/1.1\nHost: {host}\nConnection: close\n\n".replace("{host}", known)
    )
    assert answer.startswith(f"HTTP/1.1 {status} "), answer


def test_a_list_on_several_lines_is_one(client: TestClient) -> None:
    tag = client.get("/v1/limits").headers["etag"]
    lines = [("If-None-Match", '"other"'), ("X-Other", "between"), ("If-None-Match", tag)]
    assert client.get("/v1/limits", headers=lines).status_code == 304
    job = client.get("/v1/jobs/x", headers=[("Prefer", "respond-async"), ("Prefer", "wait=0")])
    assert job.status_code == 404


@pytest.mark.parametrize("path", ["/v1/jobs/", "/v1/jobs/?limit=3", "/healthz/", "/v1/jobs/x/result/"])
def test_a_slash_too_many_leads_to_the_call_itself_on_the_same_host(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        path.replace("/?", "?") if "?" in path else path[:-1],
    )


@pytest.mark.parametrize("path", ["//evil.example/", "/nowhere/", "/web/nothing/", "/v1/"])
def test_a_slash_leads_nowhere_else(client: TestClient, path: str) -> None:
    assert client.get(f"http://testserver{path}", follow_redirects=False).status_code == 404


def test_an_action_says_how_it_is_called(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    paths = {call.path for call in app.state.calls if re.search(r"\}:[a-z-]+$", call.path)}
    assert {path.rpartition(":")[2] for path in paths} == set(ACTIONS)
    for path in paths:
        url = re.sub(r"\{.*?\}", "01kb3v9m5w8xw7z4y2q6c1n0ra", path)
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            answer = client.request(method, url)
            assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST"), (method, url)
        assert client.post(url).status_code == 404


def test_options_tells_what_an_address_takes(client: TestClient) -> None:
    answer = client.options("/v1/jobs")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    for path in ("/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css", "/web/main.js"):
        answer = client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS"), path
        assert client.post(path).headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.options("/nowhere").status_code == 404
