"""Every start looks at what wrote the data, and leaves a newer version's alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from photochrom.processes.valkey import valkey
from support.queue.queueing import Bench
from support.servers.ports import free_port
from support.servers.running import ROOT, command
from support.waiting import wait_for


def started(*arguments: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "PHOTOCHROM_PORT": "0", **env},
        stderr=subprocess.PIPE,
        text=True,
    )


PROGRAMS = [("service",), ("workers",), ("service.webhooks.dispatcher",)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_process_ends_at_once_on_a_newer_queue(
    bench: Bench, tiny: dict[str, str], tmp_path: Path, program: tuple[str, ...]
) -> None:
    bench.redis.set("schema", 99)
    env = {"REDIS_URL": bench.redis_url, "PHOTOCHROM_DATA_DIR": str(tmp_path / "data"), **tiny}
    process = started(*program, **env)
    _, said = process.communicate(timeout=60)
    assert process.returncode == os.EX_CONFIG
    assert "The queue was written by a newer Photochrom" in said
    assert bench.redis.keys("*") == [b"schema"]


def test_an_api_that_started_before_its_queue_ends_when_that_turns_out_to_be_newer(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    with valkey(queue) as url, Redis.from_url(url) as redis:
        redis.set("schema", 99)
    process = started("service", REDIS_URL=url, PHOTOCHROM_DATA_DIR=str(tmp_path / "data"))
    wait_for((tmp_path / "data" / "schema").exists, 30, "the API's start")
    with valkey(queue):
        _, said = process.communicate(timeout=60)
    assert "The queue was written by a newer Photochrom" in said


@pytest.mark.parametrize("where", ["queue", "folder"])
def test_up_says_what_to_do_and_touches_nothing(tmp_path: Path, where: str) -> None:
    data = tmp_path / "data"
    with valkey(data / "queue") as url, Redis.from_url(url) as redis:
        redis.set("schema" if where == "queue" else "jobs", 99)
    if where == "folder":
        (data / "schema").write_text("99\n")
    process = command("up", "--data", str(data), "--port", str(free_port()))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "was written by a newer Photochrom" in said
    assert not (data / "photos").exists()
