"""The locks: every package with hashes, of one version in all of them, and no word of where it came from."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from security.shipped import shipped
from support.servers.running import ROOT

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


def test_what_the_project_asks_for_is_locked_within_its_range() -> None:
    """Who adds a requirement runs `make lock` (`UPGRADE= make lock` keeps all other versions)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    of_gpu = (ROOT / "requirements" / "worker-gpu.txt").read_text()
    locked = dict(line.split(" ;")[0].split("==") for line in pins(of_gpu) + pins(ALL))
    for line in chain(project["dependencies"], *project["optional-dependencies"].values()):
        needed = Requirement(line)
        if needed.name not in (project["name"], "torch"):
            assert needed.specifier.contains(locked[canonicalize_name(needed.name)]), line
