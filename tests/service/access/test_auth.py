"""Showing a key: what is let in, what is refused and how, and at what pace."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyLimits, Scope
from photochrom.times import utc_now
from service.access.auth import scope_for
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key, show
from support.servers.ports import free_port

HERE = "http://localhost:8000"


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    required = settings.model_copy(update={"auth": "keys", "cors_origins": ("https://friend.example",)})
    with TestClient(create_app(required), HERE, raise_server_exceptions=False) as client:
        yield client


def refusal(response: object) -> tuple[int, str, str]:
    body = response.json()  # type: ignore[attr-defined]
    challenge = response.headers.get("www-authenticate", "")  # type: ignore[attr-defined]
    assert body["request_id"]
    return body["status"], body["code"], challenge.partition(", ")[2]


def test_a_key_lets_in_and_says_who_it_is(keyed: TestClient, bench: Bench) -> None:
    record, token = new_key(bench, Scope.READ)
    response = keyed.get("/v1/keys/me", headers={"authorization": f"bearer  {token} "})
    assert response.json()["id"] == record.id
    assert response.json()["scopes"] == ["jobs:read"]
    assert token not in response.text


@pytest.mark.parametrize("spoil", ["", "x", "phc_", "Bearer", "last", "id", "é"])
def test_what_is_no_key_lets_nobody_in(keyed: TestClient, bench: Bench, spoil: str) -> None:
    _, token = new_key(bench)
    other = "0" if token[-1] != "0" else "1"
    shown = {"last": token[:-1] + other, "id": "phc_" + "0" * 10 + token[14:]}.get(spoil, spoil)
    response = keyed.get("/v1/jobs", headers={b"authorization": f"Bearer {shown}".encode()})  # type: ignore[dict-item]
    assert refusal(response) == (401, "invalid-key", 'error="invalid_token"')


def test_two_keys_are_none(keyed: TestClient, bench: Bench) -> None:
    shown = [("authorization", f"Bearer {new_key(bench)[1]}") for _ in range(2)]
    assert refusal(keyed.get("/v1/jobs", headers=shown))[:2] == (401, "invalid-key")
    assert keyed.get("/v1/jobs", headers=shown[:1]).status_code == 200


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Basic YTpi"}, {"X-API-Key": "phc_"}])
def test_no_key_is_another_refusal(keyed: TestClient, shown: dict[str, str]) -> None:
    assert refusal(keyed.get("/v1/jobs", headers=shown)) == (401, "key-required", "")
    assert keyed.get("/nowhere", headers=shown).status_code == 401


def test_a_key_that_expired_or_was_revoked_is_none(keyed: TestClient, bench: Bench) -> None:
    _, expired = new_key(bench, expires_at=utc_now() - timedelta(seconds=1))
    record, revoked = new_key(bench)
    assert keyed.get("/v1/jobs", headers=bearer(revoked)).status_code == 200
    KeyStore(bench.redis).revoke(record.id)
    for token in (expired, revoked):
        assert refusal(keyed.get("/v1/jobs", headers=bearer(token)))[:2] == (401, "invalid-key")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/jobs", Scope.READ),
        ("HEAD", "/v1/jobs/j/result", Scope.READ),
        ("POST", "/v1/jobs", Scope.WRITE),
        ("PUT", "/v1/batches/b/items/a.jpg", Scope.WRITE),
        ("DELETE", "/v1/jobs/j", Scope.WRITE),
        ("POST", "/v1/whatever/comes", Scope.WRITE),
        ("GET", "/metrics", Scope.METRICS),
        ("GET", "/v1/limits", None),
    ],
)
def test_the_method_tells_the_scope(method: str, path: str, scope: Scope | None) -> None:
    assert scope_for(method, path) is scope


def test_a_scope_that_is_lacking_is_named(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    reader, writer = show(bench, Scope.READ), show(bench, Scope.WRITE)
    refused = keyed.post("/v1/jobs", content=photo, headers=reader)
    assert refusal(refused) == (403, "missing-scope", 'error="insufficient_scope"')
    assert "jobs:write" in refused.json()["detail"]
    assert bench.files() == []
    assert keyed.post("/v1/jobs", content=photo, headers=writer).status_code == 202
    assert keyed.get("/v1/jobs", headers=writer).status_code == 403
    assert keyed.get("/v1/limits", headers=writer).status_code == 200


def everything(bench: Bench) -> Iterator[str]:
    """All keys and values of the server, as texts."""
    read = {
        "string": bench.redis.get,
        "hash": bench.redis.hgetall,
        "set": bench.redis.smembers,
        "zset": lambda key: bench.redis.zrange(key, 0, -1),
        "list": lambda key: bench.redis.lrange(key, 0, -1),
    }
    for key in bench.redis.scan_iter():
        yield f"{key} {read[bench.redis.type(key).decode()](key)}"


def test_a_key_for_metrics_reads_those_alone(keyed: TestClient, bench: Bench) -> None:
    monitor = show(bench, Scope.METRICS)
    assert "photochrom_queue_jobs" in keyed.get("/metrics", headers=monitor).text
    assert keyed.get("/v1/jobs", headers=monitor).status_code == 403
    assert keyed.get("/metrics", headers=show(bench)).status_code == 403


def test_no_key_is_kept_or_logged(
    keyed: TestClient, bench: Bench, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _, token = new_key(bench)
    session = keyed.post("/v1/session", json={"key": token}).cookies["photochrom_session"]
    keyed.post("/v1/jobs", content=photo, headers=bearer(token))
    keyed.post("/v1/session", json={"key": token, "other": 1})
    keyed.get("/v1/jobs", headers=bearer(token + "x"))
    secret = token.rpartition("_")[2]
    stored = "".join(everything(bench))
    for hidden in (secret, session):
        assert hidden not in caplog.text
        assert hidden not in stored


def test_the_pace_is_said_and_held(keyed: TestClient, bench: Bench) -> None:
    slow = show(bench, limits=KeyLimits(requests_per_minute=2))
    first, second, third = (keyed.get("/v1/jobs", headers=slow) for _ in range(3))
    assert first.headers["ratelimit-policy"] == '"requests";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"requests";r=1;t=')
    assert second.status_code == 200
    assert refusal(third)[:2] == (429, "too-many-requests")
    assert 25 < int(third.headers["retry-after"]) <= 30
    assert keyed.get("/v1/jobs", headers=show(bench)).status_code == 200


def test_without_a_queue_nobody_is_let_in(settings: ServiceSettings) -> None:
    lost = settings.model_copy(
        update={"auth": "keys", "redis_url": f"redis://127.0.0.1:{free_port()}", "allowed_hosts": ("*",)}
    )
    with TestClient(create_app(lost), raise_server_exceptions=False) as client:
        response = client.get("/v1/jobs", headers=bearer("phc_" + "0" * 10 + "_" + "0" * 32))
        assert (response.status_code, response.json()["code"]) == (503, "queue-unavailable")
        assert client.get("/healthz").status_code == 200


def sign_in(client: TestClient, bench: Bench, **key: object) -> str:
    record, token = new_key(bench, **key)  # type: ignore[arg-type]
    response = client.post("/v1/session", json={"key": token}, headers={"Origin": HERE})
    assert (response.status_code, response.json()["id"]) == (200, record.id)
    said = response.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(said.split("; "))
    assert ("secure" in said) is (client.base_url.scheme == "https")
    assert response.headers["cache-control"] == "no-store"
    return record.id


def test_a_session_stands_for_its_key(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    sign_in(keyed, bench)
    job = keyed.post("/v1/jobs", content=photo, headers={"Origin": HERE}).json()["url"]
    assert keyed.get(f"{job}/original").content == photo
    assert keyed.delete("/v1/session", headers={"Origin": HERE}).status_code == 204
    assert keyed.get(job).status_code == 401


@pytest.mark.parametrize(
    ("address", "headers", "safe"),
    [
        ("http://localhost:8000", {}, False),
        ("http://localhost:8000", {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, False),
        ("https://localhost:8000", {}, True),
        # Behind a proxy that nobody named: the browser's own words tell.
        ("http://photos.example", {"Origin": "https://photos.example"}, True),
        ("http://photos.example", {"Sec-Fetch-Site": "same-origin"}, True),
        ("http://photos.example", {"Origin": "http://photos.example"}, False),
    ],
)
def test_over_https_only_the_host_itself_can_set_the_cookie(
    settings: ServiceSettings, bench: Bench, address: str, headers: dict[str, str], safe: bool
) -> None:
    changes = {"auth": "keys", "allowed_hosts": ("photos.example",)}
    with TestClient(create_app(settings.model_copy(update=changes)), address) as client:
        said = client.post("/v1/session", json={"key": new_key(bench)[1]}, headers=headers)
        cookie = said.headers["set-cookie"]
        assert cookie.startswith("__Host-photochrom_session=" if safe else "photochrom_session=")
        assert ("; secure" in cookie.lower()) is safe
        assert "domain=" not in cookie.lower()
        kept = cookie.partition(";")[0]
        client.cookies.clear()
        assert client.get("/v1/keys/me", headers={**headers, "Cookie": kept}).status_code == 200


def test_over_https_a_cookie_that_a_sibling_domain_planted_is_no_session(
    keyed: TestClient, bench: Bench
) -> None:
    keyed.base_url = "https://localhost:8000"
    keys = KeyStore(bench.redis)
    token, _ = keys.open_session(new_key(bench)[0], timedelta(days=1))
    planted = keyed.get("/v1/keys/me", headers={"Cookie": f"photochrom_session={token}"})
    assert refusal(planted)[:2] == (401, "key-required")


def test_signing_out_forgets_both(keyed: TestClient, bench: Bench) -> None:
    sign_in(keyed, bench)
    said = keyed.delete("/v1/session", headers={"Origin": HERE}).headers.get_list("set-cookie")
    assert {one.partition("=")[0] for one in said} == {"photochrom_session", "__Host-photochrom_session"}
    assert all("Max-Age=0" in one for one in said)


def test_a_session_changes_nothing_for_a_page_that_keeps_its_origin_back(
    keyed: TestClient, bench: Bench
) -> None:
    sign_in(keyed, bench)
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 201), ("none", 201)):
        assert keyed.post("/v1/batches", headers={"Sec-Fetch-Site": site}).status_code == status


def test_over_https_the_cookie_stays_there(keyed: TestClient, bench: Bench) -> None:
    keyed.base_url = "https://localhost:8000"
    sign_in(keyed, bench)


def test_so_it_does_behind_a_proxy_that_speaks_tls(keyed: TestClient, bench: Bench) -> None:
    _, token = new_key(bench)
    for scheme in ("http", "https"):
        answer = keyed.post(
            "/v1/session", json={"key": token}, headers={"Origin": f"{scheme}://localhost:8000"}
        )
        assert ("secure" in answer.headers["set-cookie"].lower()) is (scheme == "https")


def test_a_session_ends_with_its_key(keyed: TestClient, bench: Bench) -> None:
    key_id = sign_in(keyed, bench, expires_at=utc_now() + timedelta(hours=1))
    [session] = bench.redis.keys("session:*")
    assert 0 < bench.redis.ttl(session) <= 3600
    KeyStore(bench.redis).revoke(key_id)
    assert refusal(keyed.get("/v1/jobs"))[:2] == (401, "invalid-key")


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": HERE}])
def test_a_wrong_key_opens_no_session(keyed: TestClient, headers: dict[str, str]) -> None:
    response = keyed.post("/v1/session", json={"key": "guess"}, headers=headers)
    assert response.status_code == (403 if "evil" in str(headers) else 401)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": HERE}, 201),
        ({"Origin": "https://proxied.example", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "https://friend.example"}, 403),
    ],
)
def test_a_session_serves_our_own_page_alone(
    keyed: TestClient, bench: Bench, headers: dict[str, str], status: int
) -> None:
    """Cookies know no ports, and go along by themselves: an origin that was let in has to send a key."""
    sign_in(keyed, bench)
    assert keyed.post("/v1/batches", headers=headers).status_code == status
    if headers["Origin"] == "https://friend.example":
        with_key = {**headers, **show(bench)}
        assert keyed.post("/v1/batches", headers=with_key).status_code == 201


def test_where_no_keys_are_asked_for_there_is_none_to_show(client: TestClient) -> None:
    assert client.get("/v1/keys/me").status_code == 404
    assert "ratelimit" not in client.get("/v1/jobs").headers


@pytest.mark.parametrize(("given", "limit"), [("7", 7), ("none", None), ("", None)])
def test_a_limit_may_be_none(monkeypatch: pytest.MonkeyPatch, given: str, limit: int | None) -> None:
    for name in KeyLimits.model_fields:
        monkeypatch.setenv(f"PHOTOCHROM_{name.upper()}", given)
    assert set(ServiceSettings().key_limits().model_dump().values()) == {limit}


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        ({"host": "127.0.0.1"}, True),
        ({"host": "localhost"}, True),
        ({"host": "::1"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "192.168.1.5"}, False),
        ({"host": "photos.example"}, False),
        ({"host": "0.0.0.0", "auth": "keys"}, True),
        ({"host": "0.0.0.0", "auth": "none"}, True),
        ({"host": "0.0.0.0", "auth": ""}, False),
        ({"host": "0.0.0.0", "publish": "127.0.0.1:8000"}, True),
        ({"host": "0.0.0.0", "publish": "[::1]:8000"}, True),
        ({"host": "0.0.0.0", "publish": "8000"}, False),
        ({"host": "0.0.0.0", "publish": "0.0.0.0:8000"}, False),
    ],
)
def test_an_open_door_has_to_be_wanted(given: dict[str, str], starts: bool) -> None:
    why = ServiceSettings(**given).open_door()  # type: ignore[arg-type]
    assert (why is None) is starts
    assert why is None or "PHOTOCHROM_AUTH=keys" in why
