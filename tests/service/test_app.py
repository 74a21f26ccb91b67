"""What holds for every call: problems, ids, readiness, documentation."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from photochrom.errors import PhotochromError
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.record import JobRecord
from photochrom.photo.restoration import FinderCard
from photochrom.times import utc_now
from service.app import create_app
from service.edge.bodies import BodyLimit
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.ports import free_port
from support.waiting import wait_for

FINDER = FinderCard(name="finder", version="1.0.0", weights_sha256="0" * 64)


def beat(
    bench: Bench, name: str = "w1", provider: str = "CPUExecutionProvider", finder: FinderCard | None = None
) -> None:
    model = ModelUsed(name="photochrom", version="1", provider=provider)
    status = WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model, finder=finder)
    bench.fleet.beat(status, 60)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("PATCH", "/v1/jobs", 405, "method-not-allowed"),
        ("GET", "/v1/jobs/nope", 404, "job-not-found"),
        ("GET", "/v1/jobs?limit=0", 422, "invalid-request"),
        ("GET", "/v1/jobs?state=happy", 422, "invalid-request"),
        ("GET", "/v1/jobs?cursor=../../x", 422, "invalid-request"),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:photochrom:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == path.partition("?")[0]
    assert problem["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/jobs", "GET, HEAD, OPTIONS, POST"),
        ("/v1/jobs/j", "DELETE, GET, HEAD, OPTIONS"),
        ("/v1/jobs/j/result", "GET, HEAD, OPTIONS"),
        ("/v1/batches/b/items/a/b.jpg", "GET, HEAD, OPTIONS, PUT"),
        ("/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_405_names_all_methods_that_are_allowed(client: TestClient, path: str, methods: str) -> None:
    response = client.patch(path)
    assert (response.status_code, response.headers["allow"]) == (405, methods)


def test_what_can_be_read_answers_head_alike(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    beat(bench)
    batch = client.post("/v1/batches").json()["url"]
    job = client.put(f"{batch}/items/a.jpg", content=photo).json()
    finish(job["id"])
    of_job = (f"{job['url']}{call}" for call in ("", "/result", "/original", "/preview", "/confidence"))
    of_batch = (f"{batch}{call}" for call in ("", "/items", "/items/a.jpg"))
    others = ("/", "/v1/jobs", "/v1/batches", "/v1/models", "/v1/limits", "/healthz", "/readyz")
    for path in (*of_job, *of_batch, *others):
        read, asked = client.get(path), client.head(path)
        assert (asked.status_code, asked.content) == (read.status_code, b""), path
        same = {"content-type", "content-length", "etag", "cache-control"} & set(read.headers)
        assert {asked.headers[name] for name in same} == {read.headers[name] for name in same}, path


def test_a_validation_error_names_its_fields(client: TestClient) -> None:
    assert client.get("/v1/jobs?limit=0").json()["errors"][0]["field"] == "limit"


def test_a_bug_is_500_without_its_inside(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(client.app.state.services.store, "page", broken)
    response = client.get("/v1/jobs")
    assert (response.status_code, response.json()["code"]) == (500, "internal-error")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == response.json()["request_id"]
    assert "secret" not in response.text


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("bad id!", False), ("x" * 200, False)])
def test_a_decent_request_id_of_the_caller_is_kept(client: TestClient, given: str, kept: bool) -> None:
    answered = client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert (answered == given) is kept


def readiness(client: TestClient, status: int) -> httpx.Response:
    """Ask until it is told: what is told may be some seconds old."""

    def look() -> httpx.Response | None:
        answer = client.get("/readyz")
        return answer if answer.status_code == status else None

    return wait_for(look, 30, f"readiness {status}")


def test_readiness_wants_a_live_worker_and_names_model_and_provider(client: TestClient, bench: Bench) -> None:
    waiting = client.get("/readyz")
    assert (waiting.status_code, waiting.json()["code"]) == (503, "not-ready")
    assert waiting.json()["queue"] == "ok"
    beat(bench)
    ready = readiness(client, 200)
    assert (ready.json()["model"], ready.json()["provider"]) == ("photochrom 1", "CPUExecutionProvider")


def test_readiness_notices_a_folder_that_is_gone(client: TestClient, bench: Bench) -> None:
    beat(bench)
    assert client.get("/readyz").status_code == 200
    (bench.data / "photos" / ".drafts").rmdir()
    assert "No such file" in readiness(client, 503).json()["storage"]


def test_readiness_is_open_to_all_and_names_no_machine_process_or_folder(
    client: TestClient, bench: Bench
) -> None:
    beat(bench, "photo-machine-7.inside.4711")
    beat(bench, "photo-machine-7.inside.4712")
    ready = client.get("/readyz")
    assert [worker["name"] for worker in ready.json()["workers"]] == ["worker 1", "worker 2"]
    (bench.data / "photos" / ".drafts").rmdir()
    broken = readiness(client, 503)
    for said in (ready.text, broken.text):
        for inside in ("photo-machine", "4711", str(bench.data), "photos"):
            assert inside not in said


def test_models_count_their_workers_by_provider(client: TestClient, bench: Bench) -> None:
    beat(bench, "w1")
    beat(bench, "w2", "CUDAExecutionProvider", FINDER)
    assert client.get("/v1/models").json() == [
        {
            "name": "photochrom",
            "version": "1",
            "capabilities": [],
            "writes": ["avif", "heic", "jp2", "jpeg", "jxl", "png", "tiff", "webp"],
            "providers": {"CPUExecutionProvider": 1, "CUDAExecutionProvider": 1},
            "finders": ["finder 1.0.0"],
        }
    ]


def test_limits_are_those_of_the_settings(client: TestClient) -> None:
    limits = client.get("/v1/limits").json()
    assert limits["max_upload_bytes"] == 100_000
    assert "image/jpeg" in limits["formats"]


def test_without_a_queue_the_api_lives_and_says_so(tmp_path: Path) -> None:
    settings = ServiceSettings(redis_url=f"redis://127.0.0.1:{free_port()}", data_dir=tmp_path)
    with TestClient(create_app(settings), "http://localhost", raise_server_exceptions=False) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["storage"]) == (503, "ok")
        upload = client.post("/v1/jobs", content=b"\xff\xd8\xff\xe0" + b"x" * 99)
        assert (upload.status_code, upload.json()["code"]) == (503, "queue-unavailable")
        assert upload.headers["retry-after"]
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    script = page.partition('src="')[2].partition('"')[0]
    assert client.get(script).status_code == 200


def test_the_schema_names_every_call_and_its_errors(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    post = schema["paths"]["/v1/jobs"]["post"]
    assert {"413", "415", "422", "429", "507"} <= set(post["responses"])
    assert "photo" in str(post["requestBody"]["content"]["multipart/form-data"])
    problem = post["responses"]["415"]["content"]
    assert list(problem) == ["application/problem+json"]


def test_pages_of_other_origins_may_call_only_when_told(settings: ServiceSettings) -> None:
    with TestClient(create_app(settings)) as client:
        plain = client.get("/healthz", headers={"Origin": "https://a.example"})
        assert "access-control-allow-origin" not in plain.headers
    told = settings.model_copy(update={"cors_origins": ("https://a.example",)})
    with TestClient(create_app(told)) as client:
        allowed = client.get("/healthz", headers={"Origin": "https://a.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"


def test_a_client_that_hangs_up_amid_its_upload_leaves_nothing(bench: Bench) -> None:
    """Over a real socket: the draft is there while bytes come, and gone when they stop."""
    import uvicorn

    settings = ServiceSettings(redis_url=bench.redis_url, data_dir=bench.data)
    drafts = bench.data / "photos" / ".drafts"
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="error"))

    async def scenario() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        await asyncio.to_thread(hang_up, port)
        server.should_exit = True
        await serving

    def hang_up(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n"
                + b"\xff\xd8\xff" * 90_000
            )
            wait_for(lambda: list(drafts.iterdir()), 5, "a draft")
        wait_for(lambda: not list(drafts.iterdir()), 5, "the draft's end")

    asyncio.run(scenario())
    assert bench.files() == []


@pytest.mark.parametrize("announced", [True, False])
def test_json_that_no_call_needs_is_refused_unread(client: TestClient, announced: bool) -> None:
    body = b'{"name": "' + b"a" * 70_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/batches", content=body if announced else iter([body]), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "request-too-large")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert client.post("/v1/batches", json={"name": "a" * 200}).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/v1/jobs", 100_000),
        ("PUT", "/v1/batches/b/items/foo/archive", 100_000),
        ("POST", "/v1/batches/b/archive", 300_000),
        ("POST", "/v1/jobs/j:cancel", 0),
        ("POST", "/nowhere", 0),
    ],
)
def test_each_call_has_its_own_limit(method: str, path: str, limit: int) -> None:
    """Asked of an app that takes every error for a bad request; a form's own bytes are let through."""

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = Response(str(len(await Request(scope, receive).body())))
        except PhotochromError:
            answer = Response(status_code=400)
        await answer(scope, receive, send)

    client = TestClient(BodyLimit(read, max_bytes=100_000, max_archive_bytes=300_000))
    below, above = max(limit, 60_000), limit + 70_000
    assert client.request(method, path, content=bytes(below)).text == str(below)
    assert client.request(method, path, content=bytes(above)).status_code == 413


def test_who_asks_before_sending_too_much_is_told_at_once(server_url: str) -> None:
    """The answer is 413, not 100: nothing of the body is ever sent."""
    port = int(server_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")
