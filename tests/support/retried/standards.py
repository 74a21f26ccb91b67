"""Requests as the standards let clients write them (C1 to C13)."""

import subprocess
import sys
from urllib.parse import urlsplit

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.times import utc_now
from support.pictures.photographs import grey_jpeg

from .finding import finding
from .ways import Ways
from .wire import said_to, status_of


def _bodies(ways: Ways, headers: dict[str, str], method: str = "GET") -> list[tuple[int, int]]:
    """Ask both ways for a result; return status and length of each."""
    found = []
    for way in ways.both:
        url = way.done()
        with way.client() as client:
            whole = len(client.get(f"{url}/result").content)
            answer = client.request(method, f"{url}/result", headers={**way.headers, **headers})
            found.append((answer.status_code, len(answer.content) - whole))
    return found


@finding("C1", "`Range: items=0-9` and `Range: banana`")
def unknown_ranges(ways: Ways) -> str:
    for asked in ("items=0-9", "banana"):
        assert _bodies(ways, {"Range": asked}) == [(200, 0), (200, 0)]
    return "200 and the whole file"


@finding("C2", "HEAD with a range")
def head_with_range(ways: Ways) -> str:
    assert {status for status, _ in _bodies(ways, {"Range": "bytes=0-9"}, "HEAD")} == {200}
    return "200"


@finding("C3", "`Range: bytes=0-9,999999999-`")
def one_of_two_ranges(ways: Ways) -> str:
    assert {status for status, _ in _bodies(ways, {"Range": "bytes=0-9,999999999-"})} == {206}
    return "206"


@finding("C4", "If-None-Match with the tag of original, preview, confidence, job and page")
def known_already(ways: Ways) -> str:
    for way in ways.both:
        job = way.done()
        with way.client() as client:
            for path in (
                job,
                f"{job}/result",
                f"{job}/original",
                f"{job}/preview",
                f"{job}/confidence",
                "/",
                "/v1/jobs",
            ):
                tag = client.get(path).headers["etag"]
                again = client.get(path, headers={**way.headers, "If-None-Match": tag})
                assert (again.status_code, again.content) == (304, b""), path
    return "304 without a body, all seven"


@finding("C5", "If-Match and If-Unmodified-Since with another state, on GET, DELETE and PATCH")
def another_state(ways: Ways) -> str:
    for way in ways.both:
        job = way.done()
        stale = {**way.headers, "If-Match": '"other"'}
        with way.client() as client:
            batch = client.post("/v1/batches").json()["url"]
            webhook = f"/v1/webhooks/{client.post('/v1/webhooks', json={'url': 'https://photos.example/h'}).json()['id']}"
            for url in (job, batch, webhook):
                assert client.delete(url, headers=stale).status_code == 412, url
            assert client.patch(webhook, json={"description": "x"}, headers=stale).status_code == 412
            old = {**way.headers, "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
            assert client.get(f"{job}/result", headers=old).status_code == 412
            assert client.delete(webhook).status_code == 204
    return "412, and nothing was changed"


@finding("C6", "`Accept-Encoding: gzip;q=0` for the page")
def no_gzip(ways: Ways) -> str:
    for way in ways.both:
        with way.client() as client:
            for path in ("/", "/web/main.js"):
                answer = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
                assert "content-encoding" not in answer.headers, path
                assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    return "sent as it is; `If-None-Match: *` is 304"


@finding("C7", 'Prefer as `Wait=10`, `wait="10"`, `wait = 10`, `wait=99999999`')
def spellings(ways: Ways) -> str:
    for way in ways.both:
        with way.client() as client:
            for number, prefer in enumerate(("Wait=10", 'wait="10"', "wait = 10", "wait=99999999")):
                photo = grey_jpeg(size=(40 + number, 32))
                answer = client.post("/v1/jobs", content=photo, headers={**way.headers, "Prefer": prefer})
                assert "wait" in answer.headers.get("preference-applied", ""), prefer
    return "all four are understood"


@finding("C8", "`GET http://host/healthz`")
def absolute_form(ways: Ways) -> str:
    for way in ways.both:
        host = urlsplit(way.url).netloc
        said = said_to(way, f"GET http://{host}/healthz HTTP/1.1", f"Host: {host}", "Connection: close")
        assert status_of(said) == 200, said[:60]
    return "200"


@finding("C9", "GET of an action, OPTIONS of a call")
def methods(ways: Ways) -> str:
    for way in ways.both:
        job = way.done()
        with way.client() as client:
            action, options = client.get(f"{job}:cancel"), client.request("OPTIONS", job)
            told = (
                action.status_code,
                action.headers.get("allow"),
                options.status_code,
                options.headers.get("allow"),
            )
            assert told == (405, "OPTIONS, POST", 204, "DELETE, GET, HEAD, OPTIONS"), told
    return "405 with `Allow: OPTIONS, POST`; OPTIONS names the methods"


@finding("C10", "RateLimit on 403 and 429")
def pace(ways: Ways) -> str:
    with ways.parts.client(**ways.parts.key(Scope.READ)[1]) as client:
        refused = client.post("/v1/batches")
        assert refused.status_code == 403
        assert "ratelimit" in refused.headers
    limits = KeyLimits(requests_per_minute=3)
    record, token = KeyRecord.generate("slow", frozenset({Scope.READ}), created_at=utc_now(), limits=limits)
    KeyStore(ways.parts.redis).add(record)
    with ways.parts.client(Authorization=f"Bearer {token}") as client:
        answers = [client.get("/v1/jobs") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert {"ratelimit", "retry-after"} <= set(answers[-1].headers)
    return "both tell it"


@finding("C11", "/v1/jobs/ with a slash too many")
def slash(ways: Ways) -> str:
    for way in ways.both:
        with way.client() as client:
            answer = client.get("/v1/jobs/?limit=3", follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (307, "/v1/jobs?limit=3")
    return "307 to `/v1/jobs?limit=3`, no host in it"


@finding("C12", "response headers in the OpenAPI document")
def described(ways: Ways) -> str:
    with ways.up.client() as client:
        document = client.get("/openapi.json").json()
    created = document["paths"]["/v1/jobs"]["post"]["responses"]["202"]["headers"]
    assert {"Location", "Retry-After"} <= set(created), created
    calls = [call for path in document["paths"].values() for call in path.values() if isinstance(call, dict)]
    headed = [any("headers" in one for one in call.get("responses", {}).values()) for call in calls]
    assert all(headed), f"{headed.count(False)} calls without"
    return f"all {len(calls)} calls name theirs"


@finding("C13", "a client that a generator makes of the served document")
def generated(ways: Ways) -> str:
    document, made = ways.folder / "openapi.json", ways.folder / "made_client"
    with ways.up.client() as client:
        document.write_bytes(client.get("/openapi.json").content)
    words = ("generate", "--path", str(document), "--meta", "none", "--output-path", str(made))
    command = [sys.executable, "-c", "from openapi_python_client.cli import app; app()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from made_client import Client\n"
        "from made_client.api.jobs import list_jobs_v1_jobs_get as list_jobs\n"
        "from made_client.api.jobs import read_job_v1_jobs_job_id_get as read_job\n"
        "from made_client.api.jobs import download_result_v1_jobs_job_id_result_get as download_result\n"
        "client = Client(sys.argv[2])\n"
        "job = list_jobs.sync(client=client).items[0]\n"
        "assert read_job.sync(job.id, client=client).state == 'succeeded'\n"
        "data = download_result.sync(job.id, client=client)\n"
        "print(len(data.payload.read()))\n"
    )
    ways.up.done()
    ran = subprocess.run([sys.executable, "-c", script, str(ways.folder), ways.up.url], capture_output=True, text=True,
                         check=False, timeout=120)  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-300:]
    return f"lists, reads, and downloads {ran.stdout.strip()} bytes"
