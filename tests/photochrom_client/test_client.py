import threading
from pathlib import Path

import pytest

from photochrom_client import Client, ColorizeOptions, JobFailed, WaitedTooLong
from support.queueing import Bench, failed, finished
from support.running import wait_for


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


def test_a_trailing_slash_makes_no_difference(server_url: str) -> None:
    with Client(server_url + "/") as client:
        assert client.server == server_url
        assert client.limits()
