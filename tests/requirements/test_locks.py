"""The locks: every package with hashes, of one version in all of them, and no word of where it came from."""

import re
from pathlib import Path

import pytest

from security.shipped import shipped
from support.running import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ALL = (ROOT / "requirements" / "dev.txt").read_text()


def pins(text: str) -> list[str]:
    """The lines that name a package, with version and marker."""
    return [line.removesuffix(" \\") for line in text.splitlines() if re.match(r"[a-z0-9]", line)]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_package_has_version_and_hashes_and_no_address(path: Path) -> None:
    text = path.read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert all(re.match(r"[a-z0-9.-]+==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "://" not in text
    assert not re.search(r"^(torch|--index|--extra|--find)", text, re.MULTILINE)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_what_runs_is_what_was_tested(path: Path) -> None:
    only_there = {name for name in pins(path.read_text()) if re.match(r"(onnxruntime-gpu|nvidia-)", name)}
    assert {name.split(" ;")[0] for name in set(pins(path.read_text())) - only_there} <= {
        name.split(" ;")[0] for name in pins(ALL)
    }


def test_all_that_is_shipped_is_locked() -> None:
    locked = {line.split("==")[0] for line in pins((ROOT / "requirements" / "service.txt").read_text())}
    assert shipped().keys() - {"setuptools", "wheel"} <= locked
