"""`make up` takes whichever Python from 3.11 on is there, and says so where none is."""

import subprocess
from pathlib import Path

import pytest

from support.servers.running import ROOT

FIND = ROOT / "requirements" / "python"


def found(folder: Path, **versions: int) -> subprocess.CompletedProcess[str]:
    """What is found where exactly these are: names, and whether they are too old (1)."""
    for name, code in versions.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(FIND)], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ({"python3_11": 0, "python3_13": 0}, "python3.11"),
        ({"python3_11": 127, "python3_12": 0, "python3": 0}, "python3.12"),
        ({"python3": 0}, "python3"),
    ],
)
def test_the_first_that_starts_and_is_new_enough_is_taken(there, taken, tmp_path):
    assert found(tmp_path, **there).stdout.strip() == taken


def test_where_none_is_a_sentence_says_what_to_do(tmp_path):
    process = found(tmp_path, python3=1)
    assert process.returncode == 1
    assert not process.stdout
    assert "Python 3.11 or newer" in process.stderr
    assert "make PYTHON=" in process.stderr
