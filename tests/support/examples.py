"""What the documents show, taken out of them and run as it stands, with this checkout's commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.servers.running import ROOT


def examples(page: str) -> list[tuple[str, str]]:
    """Language and text of each example of docs/`page`."""
    return re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def put_commands(folder: Path) -> None:
    """Have `photochrom` and `python` in folder/bin, wherever others may be installed."""
    (folder / "bin").mkdir()
    for name, words in (("photochrom", "-P -m cli"), ("python", "")):
        path = folder / "bin" / name
        path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {words} "$@"\n')
        path.chmod(0o755)


def run_example(language: str, script: str, folder: Path, **env: str) -> str:
    """Run it where `put_commands` was; return what it says, which holds each of its lines that begin with `# >`."""
    words = ["bash", "-euo", "pipefail", "-c"] if language == "bash" else [sys.executable, "-c"]
    env = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", **env}
    done = subprocess.run(
        [*words, script], cwd=folder, env=env, capture_output=True, text=True, timeout=150, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for line in re.findall(r"^# > (.+)$", script, re.MULTILINE):
        assert line in said
    return said
