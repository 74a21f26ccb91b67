"""`make digests`, with a docker that answers as a registry would: none can be reached in a test."""

import os
import subprocess
from pathlib import Path

import pytest

from support.servers.running import ROOT

DIGEST = "sha256:" + "a1" * 32


@pytest.fixture
def run(tmp_path: Path):
    def digests(answer: str, **env: str) -> subprocess.CompletedProcess[str]:
        docker = tmp_path / "docker"
        docker.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n{answer}\n')
        docker.chmod(0o755)
        variables = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", **env}
        command = [str(ROOT / "docker" / "digests"), str(tmp_path / "env")]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    return digests


def test_the_base_is_pinned_in_the_place_of_what_was_there(run, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("PHOTOCHROM_QUEUE_PASSWORD=kept\nBASE_IMAGE=old\n")
    assert run(f"echo {DIGEST}").returncode == 0
    base = (ROOT / "docker" / "Dockerfile").read_text().partition("ARG BASE_IMAGE=")[2].split()[0]
    pinned = f"PHOTOCHROM_QUEUE_PASSWORD=kept\nBASE_IMAGE={base}@{DIGEST}\n"
    assert (tmp_path / "env").read_text() == pinned
    assert f"imagetools inspect {base} " in (tmp_path / "asked").read_text()
    assert run(f"echo {DIGEST}", BASE_IMAGE=f"{base}@sha256:old").returncode == 0
    assert (tmp_path / "env").read_text() == pinned


@pytest.mark.parametrize("answer", ["exit 1", "echo no such image"])
def test_without_a_digest_nothing_is_written(run, tmp_path: Path, answer: str) -> None:
    done = run(answer)
    assert done.returncode == 1
    assert "named no digest" in done.stderr
    assert not (tmp_path / "env").exists()
