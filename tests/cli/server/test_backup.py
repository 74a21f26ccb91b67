"""A backup of a running service, restored onto a machine that has nothing: every job and file is there, and goes on."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from cli.server.up import locked
from photochrom.ownership import Ownership
from photochrom.processes.valkey import valkey
from photochrom.storage.keys import is_photograph
from photochrom.storage.storage import LocalStorage
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench, failed, finished
from support.servers.running import photochrom, service


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Bench]:
    """A data folder with a job that is done and one that waits; its server runs, as that of a service does."""
    data = tmp_path / "data"
    with valkey(data / "queue") as url:
        bench = Bench(url, data)
        finished(bench, bench.submit(b"x").id)
        bench.submit(b"y")
        yield bench


def backup(data: Path, target: Path) -> str:
    done = photochrom("backup", str(target), "--data", str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def restore(source: Path, data: Path) -> str:
    done = photochrom("restore", str(source), "--data", str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_running_service_is_backed_up_and_goes_on_elsewhere(tmp_path: Path, tiny: dict[str, str]) -> None:
    first, copy, second = (tmp_path / name for name in ("first", "copy", "second"))
    # Nobody ends the workers that are made to stand still.
    with service(first, **{**tiny, "PHOTOCHROM_HEARTBEAT_TTL": "120"}) as running:
        done = [running.upload(grey_jpeg(size=(96, 64 + n))) for n in range(3)]
        for job in done:
            running.wait(job)
        shown = [running.job(job) for job in done]
        results = [running.result(job) for job in done]
        workers = running.workers()
        for worker in workers:
            worker.send_signal(signal.SIGSTOP)
        waiting = [running.upload(grey_jpeg(size=(64, 96 + n))) for n in range(3)]
        said = backup(first, copy)
        assert "the queue and" in said
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
        running.wait(waiting[0])
    shutil.rmtree(first)
    assert "6 jobs" in restore(copy, second)
    with service(second, **tiny) as running:
        assert [running.job(job) for job in done] == shown
        assert [running.result(job) for job in done] == results
        for job in waiting:
            running.wait(job)
        redis = Redis.from_url((second / "queue" / "address").read_text())
        storage = LocalStorage(second / "photos")
        assert Ownership(redis, storage, set).refusal() == ""


def test_only_a_whole_backup_is_restored_and_only_onto_nothing(stopped: Bench, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with held(stopped):
        backup(stopped.data, copy)
        again = photochrom("backup", str(copy), "--data", str(stopped.data))
        assert "holds something already" in again.stderr
    onto = photochrom("restore", str(copy), "--data", str(stopped.data))
    assert "holds something already" in onto.stderr
    for harm, words in (
        (lose_a_file, "should hold"),
        (newer, "newer Photochrom"),
        (unfinished, "no whole backup"),
    ):
        broken = shutil.copytree(copy, tmp_path / harm.__name__)
        harm(broken)
        refused = photochrom("restore", str(broken), "--data", str(tmp_path / f"of-{harm.__name__}"))
        assert refused.returncode == 1
        assert words in refused.stderr
        assert not (tmp_path / f"of-{harm.__name__}" / "queue").exists()


def test_a_backup_is_its_owners_alone_and_leaves_nothing_behind(stopped: Bench, tmp_path: Path) -> None:
    with held(stopped):
        backup(stopped.data, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    assert not (stopped.data / "queue" / "dump.rdb").exists()


def test_what_is_deleted_while_the_backup_is_made_is_left_out(stopped: Bench, tmp_path: Path) -> None:
    gone = failed(stopped, stopped.submit(b"z").id)
    with held(stopped):
        backup(stopped.data, tmp_path / "copy")
    (tmp_path / "copy" / "photos" / gone.original.key).unlink()
    contents = tmp_path / "copy" / "backup.json"
    written = json.loads(contents.read_text())
    contents.write_text(json.dumps({**written, "photographs": written["photographs"] - 1}))
    said = restore(tmp_path / "copy", tmp_path / "new")
    assert "1 jobs are left out" in said
    with valkey(tmp_path / "new" / "queue") as url:
        there = Bench(url, tmp_path / "new")
        assert sum(there.store.counts().values()) == 2
        files = {key for key in there.files() if is_photograph(key)}
        assert there.store.named(sorted(files)) == files


def test_a_server_of_ones_own_is_not_for_these_commands(bench: Bench, tmp_path: Path) -> None:
    for command in (["backup", str(tmp_path / "copy")], ["restore", str(tmp_path)], ["repair"]):
        done = photochrom(*command, "--data", str(tmp_path / "data"), REDIS_URL=bench.redis_url)
        assert done.returncode == 1
        assert "docs/deployment.md" in done.stderr


def test_a_damaged_queue_is_repaired_by_a_command(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with valkey(data / "queue") as url:
        bench = Bench(url, data)
        jobs = [bench.accept(b"%d" % number) for number in range(20)]
    whole = photochrom("repair", "--data", str(data))
    assert "is whole" in whole.stdout
    path = next((data / "queue" / "appendonlydir").glob("*.incr.aof"))
    text = bytearray(path.read_bytes())
    text[len(text) // 2 :] = b"\0" * (len(text) - len(text) // 2)
    path.write_bytes(text)
    done = photochrom("repair", "--data", str(data))
    assert "cut off at byte" in done.stdout, done.stderr
    with valkey(data / "queue") as url:
        bench = Bench(url, data)
        there = [bench.store.exists(job.id) for job in jobs]
        assert there == sorted(there, reverse=True)
        assert 5 < sum(there) < 15
        assert len(bench.files()) == 20
        assert not Ownership(bench.redis, bench.storage, bench.store.named).claim()


def lose_a_file(copy: Path) -> None:
    next(path for path in (copy / "photos").rglob("*") if path.is_file()).unlink()


def newer(copy: Path) -> None:
    path = copy / "backup.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layout": 99}))


def unfinished(copy: Path) -> None:
    (copy / "backup.json").unlink()


@contextmanager
def held(bench: Bench) -> Iterator[None]:
    """Use the data folder, as a service does, so that the command asks its server."""
    with locked(bench.data):
        yield
