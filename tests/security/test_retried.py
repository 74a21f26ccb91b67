"""Every finding of the attacker can be tried again, by its name; the table itself is `make retried`."""

import io
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from support.retried.__main__ import ordered
from support.retried.finding import Finding, outcome
from support.retried.ways import Ways
from support.servers.running import ROOT


def test_none_is_left_out() -> None:
    assert ordered() == [f"F{n}" for n in range(1, 25)] + [f"C{n}" for n in range(1, 14)] + ["S1", "S2", "S3"]


def test_what_holds_again_is_told_and_fails(tmp_path: Path) -> None:
    def holds_again(_: Ways) -> str:
        raise AssertionError("the door | is open")

    with ExitStack() as stack:
        ways = Ways(tmp_path, stack)
        again = outcome(Finding("F0", "the door", holds_again), ways)
        held = outcome(Finding("F0", "the door", lambda _: "closed"), ways)
    assert not again.held
    assert "**HOLDS AGAIN**: AssertionError: the door \\| is open" in str(again)
    assert held.held
    assert str(held).startswith("| F0 | the door | closed |")


def test_the_command_tries_what_it_is_told_both_ways() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.retried", "F5", "F6", "F9", "C8", "C11"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ".:tests"},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in io.StringIO(done.stdout) if line.startswith(("| F", "| C"))]
    assert len(rows) == 5
