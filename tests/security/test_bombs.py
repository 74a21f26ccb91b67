"""Everything made to do harm is refused in little time and memory, and a bomb that is not is told by the exit code."""

import subprocess
import sys

import pytest

from security import bombs


def test_every_bomb_is_refused_within_a_second_and_200_mb() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "security.bombs"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("| yes ") == len(bombs.BOMBS)


def test_one_that_is_taken_or_costs_too_much_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "archive, zip-slip"
    monkeypatch.setattr(sys, "argv", ["bombs", name])
    assert bombs.main() == 0
    monkeypatch.setattr(bombs, "MEGABYTES", -1.0)
    assert bombs.main() == 1
    assert "| NO " in capsys.readouterr().out
    monkeypatch.undo()
    assert not bombs.Cost("", 0.1, 1, 1).held


def test_an_unknown_bomb_is_said() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "security.bombs", "nonsense"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "nonsense" in run.stderr
