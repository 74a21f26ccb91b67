"""A short run of the fuzzer on every target: all that was ever found, the seeds, and some mutations of both."""

import os
import subprocess
import sys
from importlib import import_module

import pytest

from security.fuzz.__main__ import CORPUS, TARGETS
from support.servers.running import ROOT

RUNS = {"sniffing": 800, "decoding": 600, "colorizing": 100, "unpacking": 500, "metadata": 500}


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_was_found_is_found_again_nor_anything_new(target: str) -> None:
    kept = list((CORPUS / target).glob("*"))
    run = subprocess.run(
        [sys.executable, "-m", "security.fuzz", target, "--runs", str(RUNS[target] + len(kept))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert run.returncode == 0, run.stderr[-6000:]
    assert "Done" in run.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_valid_and_small(target: str) -> None:
    module = import_module(f"security.fuzz.{target}")
    for seed in module.seeds():
        assert len(seed) < 20_000
        module.check(seed)


def test_a_finding_ends_the_command_with_its_input_kept(tmp_path) -> None:
    """A target that is no target of ours finds what it looks for."""
    there = tmp_path / "security" / "fuzz"
    there.mkdir(parents=True)
    (there.parent / "__init__.py").touch()
    for name in ("__init__", "__main__", "libfuzzer"):
        (there / f"{name}.py").write_text((ROOT / "security" / "fuzz" / f"{name}.py").read_text())
    (there / "sniffing.py").write_text(
        "def seeds():\n    return [b'BUG!']\ndef check(data):\n    assert data[:3] != b'BUG'\n"
    )
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "security.fuzz",
            "sniffing",
            "--runs",
            "100",
            "--keep",
            str(tmp_path / "kept"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert run.returncode != 0
    (found,) = (tmp_path / "kept").glob("sniffing-crash-*")
    assert found.read_bytes().startswith(b"BUG")


def test_an_unknown_target_is_said() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "security.fuzz", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "nonsense" in run.stderr
