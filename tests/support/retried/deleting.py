"""Findings about what is deleted, lost and brought back (F1, F13, F17, F23)."""

import shutil
from pathlib import Path

from photochrom.ids import new_id
from support.pictures.photographs import grey_jpeg
from support.queue.others import kept, looked, others_photographs
from support.servers.running import photochrom
from support.waiting import wait_for

from .finding import finding
from .ways import Ways

OTHERS, NEWER, UNKNOWN = 13, 500, 50


@finding("F1", f"a new queue on a storage with {OTHERS} photographs of another, three hours old")
def foreign(ways: Ways) -> str:
    before = others_photographs(ways.folder / "foreign", OTHERS)
    with ways.started("foreign") as way:
        way.done()
        assert before < kept(way.data), "something went at the start"
        assert looked(way.data)[b"owned"] == b"0"
        assert before < kept(way.data), "something went at a look for files without a job"
    return "all are there after start, work and a look for files that no job names"


@finding("F13", f"DELETE of {UNKNOWN} batches that are not there")
def not_there(ways: Ways) -> str:
    for way in ways.both:
        known = set(way.redis.scan_iter("batch:*", count=1000))
        with way.client() as client:
            answers = {client.delete(f"/v1/batches/{new_id()}").status_code for _ in range(UNKNOWN)}
        assert answers == {404}
        assert set(way.redis.scan_iter("batch:*", count=1000)) <= known, "something is left in the queue"
    return "404, nothing left in the queue"


@finding(
    "F17", "backup of a running service, restored onto an empty folder, then with a byte of its file changed"
)
def brought_back(ways: Ways) -> str:
    copy, second = ways.folder / "copy", ways.folder / "second"
    with ways.started("first") as way:
        job = way.done()
        with way.client() as client:
            shown, result = client.get(job).json(), client.get(f"{job}/result").content
        _run("backup", str(copy), "--data", str(way.data))
    shutil.rmtree(ways.folder / "first")
    _run("restore", str(copy), "--data", str(second))
    with ways.started("second") as way, way.client() as client:
        assert (client.get(job).json(), client.get(f"{job}/result").content) == (shown, result)
    _damage(second)
    said = _run("repair", "--data", str(second))
    with ways.started("second") as way, way.client() as client:
        assert client.get("/v1/jobs").status_code == 200
    return f"job and result are there again; `photochrom repair`: {said.strip().splitlines()[0]}"


def _run(*words: str) -> str:
    done = photochrom(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _damage(data: Path) -> None:
    [file] = (data / "queue").glob("appendonlydir/*.incr.aof")
    written = bytearray(file.read_bytes())
    at = written.index(b"*", len(written) // 2)
    written[at] = ord("!")
    file.write_bytes(written)


@finding("F23", f"{NEWER} records of a newer version in front of one whose time is over")
def unreadable(ways: Ways) -> str:
    at_once = {f"PHOTOCHROM_{name}_RETENTION": "PT1S" for name in ("INPUT", "RESULT", "RECORD")}
    with ways.started("newer", PHOTOCHROM_MAINTENANCE_INTERVAL="1", **at_once) as way:
        for _ in range(NEWER):
            way.redis.hset(f"job:{new_id()}", mapping={"record": '{"of": "a newer version"}', "revision": 1})
        for key in way.redis.scan_iter("job:*", count=1000):
            way.redis.zadd("jobs:expiry", {key.decode().removeprefix("job:"): 1})
        with way.client() as client:
            job = client.post("/v1/jobs", content=grey_jpeg(size=(96, 64))).json()["url"]
            wait_for(lambda: client.get(job).status_code == 404, 120, "the job that is due to go")
    return "what is due goes; the others are left, and counted"
