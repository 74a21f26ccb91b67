"""Who may call: names that the service goes by, and pages that may change something."""

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
    ("bound", "given", "any_name"),
    [
        ("127.0.0.1", (), False),
        ("192.168.1.5", (), False),
        ("0.0.0.0", (), True),
        ("::", (), True),
        ("0.0.0.0", ("photos.example",), False),
        ("127.0.0.1", ("*",), True),
    ],
)
def test_any_name_will_do_only_where_none_is_known(
    bound: str, given: tuple[str, ...], any_name: bool
) -> None:
    hosts = hosts_of(ServiceSettings(host=bound, allowed_hosts=given))
    assert ("*" in hosts) is any_name
    assert any_name or {"localhost", "127.0.0.1", "::1", bound, *given} <= hosts


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
