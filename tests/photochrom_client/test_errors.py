import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from photochrom_client import (
    ApiError,
    Conflict,
    Expired,
    Forbidden,
    InvalidRequest,
    NotFound,
    ServerFault,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnsupportedMedia,
)
from photochrom_client.errors import error_of


def response(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "http://photos.example/v1/jobs")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=body, headers=named, request=request)


def problem(status: int, **members: object) -> httpx.Response:
    return response(status, json.dumps(members).encode(), retry_after="7", x_request_id="r2")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, ApiError),
        (409, Conflict),
        (410, Expired),
        (413, TooLarge),
        (415, UnsupportedMedia),
        (422, InvalidRequest),
        (429, TooManyRequests),
        (500, ServerFault),
        (507, ServerFault),
        (599, ServerFault),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[ApiError]) -> None:
    error = error_of(problem(status, code="c", detail="A sentence.", request_id="r1"))
    assert type(error) is kind
    assert (str(error), error.detail, error.code) == ("A sentence.", "A sentence.", "c")
    assert (error.status, error.request_id, error.retry_after) == (status, "r1", 7.0)


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"[1]", b'"text"', b"\xff"])
def test_an_answer_that_is_no_problem_still_says_what_it_is(body: bytes) -> None:
    error = error_of(response(502, body, x_request_id="r2"))
    assert (error.code, error.request_id, error.retry_after) == ("http-502", "r2", None)
    assert str(error) == "photos.example answered 502 (Bad Gateway) without saying why."
    assert "999" in str(error_of(response(999, body)))


def test_a_proxy_s_limit_is_told_from_the_service_s_own() -> None:
    proxy = error_of(response(413, b"<html><h1>413 Request Entity Too Large</h1>nginx</html>"))
    assert isinstance(proxy, TooLarge)
    assert "A proxy at photos.example takes no request of this size" in str(proxy)
    assert str(error_of(problem(413, code="photo-too-large", detail="At most 1 MB."))) == "At most 1 MB."


def test_retry_after_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert error_of(response(503, retry_after=soon)).retry_after == pytest.approx(60, abs=5)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert error_of(response(503, retry_after=past)).retry_after == 0
    assert error_of(response(503, retry_after="soon")).retry_after is None
    assert error_of(response(503, retry_after="Tue, 01 Dec 2099 00:00:00 -0000")).retry_after > 0
