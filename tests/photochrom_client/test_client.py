import threading
from pathlib import Path

import pytest

from photochrom_client import Client, ColorizeOptions, JobFailed, Unauthorized, WaitedTooLong
from service.settings import ServiceSettings
from support.queue.queueing import Bench, failed, finished
from support.servers.keyring import new_key
from support.servers.serving import serving
from support.waiting import wait_for


def when_queued(bench: Bench, end) -> threading.Thread:
    """End the next job that comes, on a thread, as a worker would."""

    def work() -> None:
        (job,) = wait_for(lambda: bench.store.page(1)[0], 30, "a job")
        end(bench, job.id)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_one_call_from_photograph_to_file(client: Client, bench: Bench, photo: bytes, tmp_path: Path) -> None:
    worker = when_queued(bench, finished)
    target = client.colorize(photo, tmp_path / "colour.jpg", ColorizeOptions(vividness=1), timeout=30)
    worker.join()
    assert target.read_bytes() == b"coloured"


def test_it_raises_what_the_job_failed_of(client: Client, bench: Bench, photo: bytes, tmp_path: Path) -> None:
    worker = when_queued(bench, failed)
    with pytest.raises(JobFailed, match="damaged"):
        client.colorize(photo, tmp_path / "colour.jpg", timeout=30)
    worker.join()


def test_it_gives_up_in_time(client: Client, photo: bytes, tmp_path: Path) -> None:
    with pytest.raises(WaitedTooLong):
        client.colorize(photo, tmp_path / "colour.jpg", timeout=0.1)


def test_limits_are_those_of_the_server(client: Client) -> None:
    limits = client.limits()
    assert limits.max_upload_bytes == 100_000
    assert "image/jpeg" in limits.formats


def test_a_key_opens_a_service_that_asks_for_one(bench: Bench, photo: bytes) -> None:
    settings = ServiceSettings(redis_url=bench.redis_url, data_dir=bench.data, auth="keys")
    _, token = new_key(bench)
    with serving(settings) as url:
        with Client(url, api_key=token) as client:
            job = client.jobs.submit(photo)
            allowance = client.limits().allowance
        assert allowance is not None
        assert allowance.jobs.used == 1
        with Client(url) as stranger, pytest.raises(Unauthorized) as raised:
            stranger.jobs.get(job.id)
        assert raised.value.code == "key-required"


def test_a_trailing_slash_makes_no_difference(server_url: str) -> None:
    with Client(server_url + "/") as client:
        assert client.server == server_url
        assert client.limits()
