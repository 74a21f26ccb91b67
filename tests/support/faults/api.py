"""The API as a process of its own, so that it alone can die."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from support.queue.queueing import Bench
from support.servers.running import ROOT
from support.waiting import wait_for


@contextmanager
def api(bench: Bench, port: int, **settings: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m service` on the bench until the context ends; settings without their prefix."""
    env = {
        "REDIS_URL": bench.redis_url,
        "PHOTOCHROM_DATA_DIR": str(bench.data),
        "PHOTOCHROM_PORT": str(port),
        **{f"PHOTOCHROM_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env={**os.environ, **env})
    try:
        wait_for(lambda: answers(port, process), 30, "the API")
        yield process
    finally:
        process.kill()
        process.wait()


def answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "the API ended"
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz", verify=False).status_code == 200
    return False
