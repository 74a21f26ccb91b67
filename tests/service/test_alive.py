import os
import subprocess
import sys

from support.queueing import Bench
from support.running import ROOT, wait_for


def asked(bench: Bench) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "service.alive"]
    env = {**os.environ, "REDIS_URL": bench.redis_url}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def test_a_dispatcher_that_looks_for_work_is_alive_and_none_is_said_so(bench: Bench) -> None:
    nobody = asked(bench)
    assert nobody.returncode == os.EX_TEMPFAIL
    assert "No dispatcher of webhooks of " in nobody.stderr
    command = [sys.executable, "-m", "service.dispatcher"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "REDIS_URL": bench.redis_url})
    try:
        wait_for(lambda: asked(bench).returncode == os.EX_OK, 30, "sign of life")
    finally:
        process.kill()
        process.wait()
