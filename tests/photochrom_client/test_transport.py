import threading

import pytest

from photochrom_client import (
    ApiError,
    Client,
    ClientClosed,
    ConnectionFailed,
    NotFound,
    PhotochromError,
    Retries,
    ServerFault,
)
from photochrom_client.models import Limits
from support.servers.answering import answer, answering, cut_off, hang_up
from support.servers.ports import free_port
from support.waiting import wait_for

LIMITS = Limits(
    max_upload_bytes=1,
    max_pixels=1,
    max_wait_seconds=1,
    input_retention_seconds=1,
    result_retention_seconds=1,
    record_retention_seconds=1,
    formats=("image/jpeg",),
)
FINE = answer(200, LIMITS.model_dump_json().encode())
QUICK = Retries(patience=20, first=0.01, longest=0.05)


def test_broken_connections_and_busy_servers_are_tried_again() -> None:
    troubles = (
        hang_up,
        answer(503, Retry_After="0"),
        answer(502, b"<html>"),
        answer(429),
        cut_off(b"{}" * 50, 10),
    )
    told: list[PhotochromError] = []
    with (
        answering(*troubles, FINE) as script,
        Client(script.url, retries=QUICK, on_retry=lambda error, _: told.append(error)) as client,
    ):
        assert client.limits() == LIMITS
        assert len(script.asked) == 6
    assert [getattr(error, "status", None) for error in told] == [None, 503, 502, 429, None]


def test_an_upload_is_whole_in_every_attempt_and_has_one_idempotency_key(tmp_path) -> None:
    path = tmp_path / "grey.jpg"
    path.write_bytes(b"x" * 1_000_000)
    with (
        answering(hang_up, answer(503), answer(415, b'{"code": "unsupported-format"}')) as script,
        Client(script.url, retries=QUICK) as client,
    ):
        for photo in (path, path.read_bytes()):
            with pytest.raises(ApiError, match="415"):
                client.jobs.submit(photo)
    first, second, third, fourth = script.asked
    assert {asked.body for asked in script.asked} == {path.read_bytes()}
    keys = [asked.headers["idempotency-key"] for asked in (first, second, third, fourth)]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_a_retry_of_a_failed_job_whose_answer_was_lost_is_not_made_twice() -> None:
    with answering(hang_up, FINE) as script, Client(script.url, retries=QUICK) as client:
        with pytest.raises(ConnectionFailed) as raised:
            client.jobs.retry("x")
        assert raised.value.reached
        assert len(script.asked) == 1


def test_the_key_and_who_we_are_go_with_every_call() -> None:
    with answering(FINE) as script, Client(script.url, api_key="pk_1") as client:
        client.limits()
    assert script.asked[0].headers["authorization"] == "Bearer pk_1"
    assert script.asked[0].headers["user-agent"].startswith("photochrom-client/")


def test_without_a_key_nothing_is_authorized() -> None:
    with answering(FINE) as script, Client(script.url) as client:
        client.limits()
    assert "authorization" not in script.asked[0].headers


def test_nothing_there_is_said_with_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Client(url, retries=Retries(patience=0)) as client:
        with pytest.raises(ConnectionFailed, match=url) as raised:
            client.limits()
        assert not raised.value.reached


@pytest.mark.parametrize(
    "server", ["localhost:8000", "", "http://", "ftp://photos", "http://a:b", "nonsense"]
)
def test_an_address_that_is_none_is_said(server: str) -> None:
    with pytest.raises(ConnectionFailed), Client(server, retries=Retries(patience=0)) as client:
        client.limits()


def test_silence_is_a_failed_connection() -> None:
    silent = threading.Event()
    with (
        answering(lambda _: silent.wait(30)) as script,
        Client(script.url, timeout=0.2, retries=Retries(patience=0)) as client,
    ):
        try:
            with pytest.raises(ConnectionFailed):
                client.limits()
        finally:
            silent.set()


@pytest.mark.parametrize("body", [b"", b"<html>a proxy's page</html>", b'{"id": 1}'])
def test_another_server_at_the_address_is_said(body: bytes) -> None:
    with answering(answer(200, body)) as script, Client(script.url) as client:
        with pytest.raises(ApiError, match="check the server's address") as raised:
            client.limits()
        assert raised.value.code == "unexpected-answer"


def test_patience_ends_with_the_servers_own_words() -> None:
    told = answer(503, b'{"code": "queue-unavailable", "detail": "No queue."}')
    with answering(told) as script, Client(script.url, retries=Retries(patience=0.2, first=0.01)) as client:
        with pytest.raises(ServerFault, match="No queue") as raised:
            client.limits()
        assert raised.value.code == "queue-unavailable"
        assert len(script.asked) > 2


def test_closing_ends_a_pause_and_all_later_calls() -> None:
    with answering(answer(503, Retry_After="50")) as script:
        client = Client(script.url)
        closing = threading.Thread(
            target=lambda: (wait_for(lambda: script.asked, 10, "a call"), client.close())
        )
        closing.start()
        with pytest.raises(ClientClosed):
            client.limits()
        closing.join()
        with pytest.raises(ClientClosed):
            client.limits()


def test_deleting_what_is_gone_is_no_error_but_asking_for_it_is() -> None:
    with answering(answer(404)) as script, Client(script.url) as client:
        client.jobs.delete("x")
        client.batches.delete("x")
        with pytest.raises(NotFound):
            client.jobs.get("x")
