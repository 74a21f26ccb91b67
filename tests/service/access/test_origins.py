"""Who may call: names that the service goes by, and pages that may change something."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.origins import hosts_of
from service.app import create_app
from service.settings import ServiceSettings

HERE = "http://localhost:8000"


def told(settings: ServiceSettings, **changes: object) -> TestClient:
    return TestClient(create_app(settings.model_copy(update=changes)), HERE)


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("localhost", True),
        ("LocalHost:8000", True),
        ("127.0.0.1:9000", True),
        ("[::1]:8000", True),
        ("photos.example", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("evil.example:8000", False),
        ("[::1", False),
        ("evil@localhost", False),
        ("localhost/evil", False),
        ('localhost"><script>', False),
        ("localhost, evil.example", False),
        ("", False),
    ],
)
def test_only_its_own_names_are_answered(settings: ServiceSettings, host: str, taken: bool) -> None:
    with told(settings, allowed_hosts=("photos.example",)) as client:
        response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == (200 if taken else 403)
    if not taken:
        assert response.json()["code"] == "foreign-host"
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("told", "any_name"),
    [
        ({"host": "127.0.0.1"}, False),
        ({"host": "192.168.1.5", "auth": "keys"}, False),
        # In a container: bound to all addresses, and the names are somebody else's to know.
        ({"host": "0.0.0.0", "auth": "keys"}, True),
        ({"host": "::", "auth": "none"}, True),
        ({"host": "0.0.0.0", "auth": "keys", "publish": "8000"}, True),
        ({"host": "0.0.0.0", "auth": "keys", "allowed_hosts": ("photos.example",)}, False),
        ({"host": "127.0.0.1", "allowed_hosts": ("*",)}, True),
        # Where this machine alone reaches the port, whoever comes by another name was tricked.
        ({"host": "0.0.0.0", "publish": "127.0.0.1:8000"}, False),
        ({"host": "0.0.0.0", "publish": "127.0.0.1:8000", "auth": "keys"}, False),
        ({"host": "0.0.0.0", "publish": "[::1]:8000", "auth": "none"}, False),
        # Without keys, never.
        ({"host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0", "publish": "8000"}, False),
    ],
)
def test_any_name_will_do_only_where_none_is_known(told: dict[str, Any], any_name: bool) -> None:
    hosts = hosts_of(ServiceSettings(**told))
    assert ("*" in hosts) is any_name
    assert (
        any_name or {"localhost", "127.0.0.1", "::1", told["host"], *told.get("allowed_hosts", ())} <= hosts
    )


def test_the_names_that_it_serves_by_are_its_own() -> None:
    settings = ServiceSettings(
        host="0.0.0.0",
        publish="127.0.0.1:8000",
        domain="Photos.example",
        public_url="https://pictures.example:8443/under",
    )
    assert {"photos.example", "pictures.example"} <= hosts_of(settings)


def test_docker_compose_by_itself_answers_names_of_this_machine_alone(settings: ServiceSettings) -> None:
    """A page whose name was made to lead here (DNS rebinding) reads nothing and changes nothing."""
    compose = {"host": "0.0.0.0", "publish": "127.0.0.1:8000", "allowed_hosts": ()}
    with told(settings, **compose) as client:
        rebound = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}
        for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/batches"), ("GET", "/")):
            refused = client.request(method, path, headers=rebound)
            assert (refused.status_code, refused.json()["code"]) == (403, "foreign-host")
        assert client.get("/v1/jobs").status_code == 200


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Origin": HERE}, True),
        ({"Origin": "https://localhost:8000"}, True),
        ({"Origin": "https://friend.example"}, True),
        ({"Origin": "https://proxied.example", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        # A browser that keeps the origin back still says whose page it is.
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
    ],
)
def test_pages_of_other_origins_change_nothing(
    settings: ServiceSettings, headers: dict[str, str], taken: bool
) -> None:
    with told(settings, cors_origins=("https://friend.example",)) as client:
        response = client.post("/v1/batches", headers=headers)
        assert client.get("/v1/batches", headers=headers).status_code == 200
        assert len(client.get("/v1/batches").json()["items"]) == taken
    assert response.status_code == (201 if taken else 403)
    assert taken or response.json()["code"] == "foreign-origin"


def test_all_origins_may_be_let_in(settings: ServiceSettings) -> None:
    with told(settings, cors_origins=("*",)) as client:
        assert client.post("/v1/batches", headers={"Origin": "https://any.example"}).status_code == 201
