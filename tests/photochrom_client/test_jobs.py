import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from photochrom.photo.options import Repair
from photochrom_client import (
    Client,
    ColorizeOptions,
    Conflict,
    InvalidRequest,
    Job,
    JobFailed,
    JobState,
    NotFound,
    TooLarge,
    UnsupportedMedia,
    WaitedTooLong,
)
from photochrom_client.jobs import pages
from service.settings import ServiceSettings
from support.queue.queueing import Bench, failed, finished
from support.servers.receiver import receiver
from support.servers.serving import serving


def test_a_photograph_becomes_a_job_with_its_name_and_options(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "Tante Ö & Co.jpg"
    path.write_bytes(photo)
    job = client.jobs.submit(path, ColorizeOptions(quality=95, vividness=0.7))
    assert job.state is JobState.QUEUED
    assert job.original.name == path.name
    assert (job.options.quality, job.options.vividness, job.options.strength) == (95, 0.7, 1.0)
    assert job.original.sha256 == hashlib.sha256(photo).hexdigest()
    assert client.jobs.get(job.id).id == job.id


def test_bytes_do_as_well_as_a_path(client: Client, photo: bytes) -> None:
    assert client.jobs.submit(photo).original.name == "photo"
    assert client.jobs.submit(photo, name="a.jpg").original.name == "a.jpg"


def test_a_photograph_by_its_address_is_fetched_by_the_server(bench: Bench, photo: bytes) -> None:
    settings = ServiceSettings(
        redis_url=bench.redis_url,
        data_dir=bench.data,
        fetch_allow_http=True,
        fetch_allowed_networks=("127.0.0.1/32",),
    )
    with serving(settings) as url, receiver((200, {}, photo)) as to, Client(url) as client:
        job = client.jobs.submit_url(to.url, ColorizeOptions(quality=95), name="plate.jpg")
        assert (job.original.name, job.options.quality) == ("plate.jpg", 95)
        assert job.original.sha256 == hashlib.sha256(photo).hexdigest()
        batch = client.batches.create()
        assert client.batches.put_url(batch.id, "a/b.jpg", to.url).original.sha256 == job.original.sha256
        with pytest.raises(InvalidRequest) as raised:
            client.jobs.submit_url("https://10.0.0.1/")
    assert raised.value.code == "url-rejected"


def test_a_repair_mask_goes_with_its_photograph(client: Client, photo: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(photo)
    asked = ColorizeOptions(repair=Repair.AUTO)
    for mask in (photo, path):
        job = client.jobs.submit(photo, asked, name="a.jpg", repair_mask=mask)
        assert (job.original.name, job.options.repair) == ("a.jpg", Repair.AUTO)
    with pytest.raises(InvalidRequest) as raised:
        client.jobs.submit(photo, repair_mask=photo)
    assert raised.value.code == "mask-rejected"


def test_a_key_of_ones_own_makes_two_calls_one_job(client: Client, photo: bytes) -> None:
    ids = {client.jobs.submit(photo, idempotency_key="k").id for _ in range(2)}
    assert len(ids) == 1
    assert client.jobs.submit(photo).id not in ids
    with pytest.raises(InvalidRequest) as raised:
        client.jobs.submit(photo, ColorizeOptions(quality=5), idempotency_key="k")
    assert raised.value.code == "idempotency-mismatch"


def test_refusals_are_told_with_code_and_request_id(client: Client) -> None:
    with pytest.raises(UnsupportedMedia) as raised:
        client.jobs.submit(b"%PDF-1.7" * 20)
    assert raised.value.code == "unsupported-format"
    assert "PDF" in str(raised.value)
    assert len(raised.value.request_id) == 26
    with pytest.raises(TooLarge):
        client.jobs.submit(b"\xff\xd8\xff" + bytes(200_000))
    with pytest.raises(NotFound) as missing:
        client.jobs.get("01m82sg25g5jc9z3kr4qk6d1sb")
    assert missing.value.code == "job-not-found"
    with pytest.raises(OSError, match="nowhere"):
        client.jobs.submit("/nowhere.jpg")


def test_waiting_tells_of_changes_and_ends_with_the_job(client: Client, bench: Bench, photo: bytes) -> None:
    job = client.jobs.submit(photo)
    states: list[JobState] = []

    def on_change(now: Job) -> None:
        states.append(now.state)
        if now.state is JobState.QUEUED:
            finished(bench, now.id)

    done = client.jobs.wait(job.id, timeout=30, on_change=on_change)
    assert done.over
    assert done.done() is done
    assert states == [JobState.QUEUED, JobState.SUCCEEDED]


def test_waiting_ends_when_the_time_is_over(client: Client, photo: bytes) -> None:
    job = client.jobs.submit(photo)
    with pytest.raises(WaitedTooLong, match="queued"):
        client.jobs.wait(job.id, timeout=0.2)


def test_a_result_comes_whole(client: Client, bench: Bench, photo: bytes, tmp_path: Path) -> None:
    job = client.jobs.submit(photo)
    with pytest.raises(Conflict):
        client.jobs.result(job.id)
    with pytest.raises(JobFailed, match="queued"):
        client.jobs.download(job.id, tmp_path / "a.jpg")
    finished(bench, job.id, b"colour" * 100_000)
    assert client.jobs.result(job.id) == b"colour" * 100_000
    for target in (tmp_path / "new" / "a.jpg", tmp_path / "b.jpg"):
        assert client.jobs.download(job.id, target) == target
        assert target.read_bytes() == b"colour" * 100_000


def test_a_failed_job_raises_its_own_reason_and_can_be_retried(
    client: Client, bench: Bench, photo: bytes
) -> None:
    job = client.jobs.submit(photo)
    with pytest.raises(Conflict):
        client.jobs.retry(job.id)
    failed(bench, job.id)
    with pytest.raises(JobFailed, match="damaged") as raised:
        client.jobs.wait(job.id).done()
    assert raised.value.code == "unreadable-photo"
    assert client.jobs.retry(job.id).state is JobState.QUEUED


def test_cancel_may_be_repeated_but_not_after_another_end(client: Client, bench: Bench, photo: bytes) -> None:
    job = client.jobs.submit(photo)
    for _ in range(2):
        assert client.jobs.cancel(job.id).state is JobState.CANCELED
    with pytest.raises(JobFailed, match="canceled"):
        client.jobs.get(job.id).done()
    done = client.jobs.submit(photo)
    finished(bench, done.id)
    with pytest.raises(Conflict):
        client.jobs.cancel(done.id)


def test_lists_come_page_by_page(client: Client, bench: Bench, photo: bytes) -> None:
    made = [client.jobs.submit(photo).id for _ in range(5)]
    finished(bench, made[0])
    assert [job.id for job in client.jobs.listed()] == made[::-1]
    assert [job.id for job in client.jobs.listed(state=JobState.SUCCEEDED)] == made[:1]
    assert [job.id for job in pages(client.jobs._transport, "/v1/jobs", None, limit=2)] == made[::-1]


def test_delete_erases(client: Client, bench: Bench, photo: bytes) -> None:
    job = client.jobs.submit(photo)
    client.jobs.delete(job.id)
    assert bench.files() == []
    client.jobs.delete(job.id)


def test_threads_may_share_a_client(client: Client, photo: bytes) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: client.jobs.submit(photo).id, range(40)))
    assert len(set(ids)) == 40
