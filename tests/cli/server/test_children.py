import os
import signal
import subprocess
import sys

import pytest

from cli.server.children import environment, stop, stop_seconds
from support.servers.running import ROOT


@pytest.mark.parametrize(("grace", "seconds"), [("", 20), ("5", 20), ("60", 65), ("soon", 20)])
def test_children_have_longer_than_the_grace_of_a_worker(
    monkeypatch: pytest.MonkeyPatch, grace: str, seconds: int
) -> None:
    monkeypatch.setenv("PHOTOCHROM_SHUTDOWN_GRACE", grace)
    assert stop_seconds() == seconds


def test_our_packages_are_where_children_look_first() -> None:
    """A file of ours that is called as one of Python's would replace it in every child otherwise."""
    assert environment({})["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)


def test_a_child_that_does_not_listen_is_killed_and_one_that_has_ended_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.server.children._STOP_SECONDS", 0)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    stubborn = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    assert stubborn.stdout
    stubborn.stdout.readline()
    ended.wait()
    stop([ended, stubborn])
    assert stubborn.returncode == -signal.SIGKILL
    assert ended.returncode == 0
    stubborn.stdout.close()
