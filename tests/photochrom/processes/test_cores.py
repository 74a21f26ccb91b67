import os
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.processes.cores import quota, usable_cores
from support.servers.running import ROOT


def test_what_affinity_leaves_is_counted_not_what_the_machine_has() -> None:
    one = min(os.sched_getaffinity(0))
    count = (
        f"import os; os.sched_setaffinity(0, {{{one}}})\n"
        "from photochrom.processes.cores import usable_cores; print(usable_cores())"
    )
    said = subprocess.run([sys.executable, "-c", count], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "1"
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    ("own", "cores"),
    [("200000 100000\n", 2), ("150000 100000", 2), ("5000 100000", 1), ("max 100000\n", None), ("", None)],
)
def test_a_container_has_the_cores_that_its_group_gives(tmp_path: Path, own: str, cores: int | None) -> None:
    group(tmp_path / "groups", cpu__max=own)
    (tmp_path / "own").write_text("0::/\n")
    assert quota(tmp_path / "groups", tmp_path / "own") == cores


def test_the_tightest_of_all_groups_around_holds(tmp_path: Path) -> None:
    groups, own = tmp_path / "groups", tmp_path / "own"
    group(groups / "user.slice", cpu__max="300000 100000")
    group(groups / "user.slice" / "a.service", cpu__max="max 100000")
    own.write_text("0::/user.slice/a.service\n")
    assert quota(groups, own) == 3


def test_groups_of_the_first_version_count_as_well(tmp_path: Path) -> None:
    groups, own = tmp_path / "groups", tmp_path / "own"
    group(groups / "cpu" / "docker" / "1f", cpu__cfs_quota_us="400000\n", cpu__cfs_period_us="100000\n")
    own.write_text("3:cpu,cpuacct:/docker/1f\n2:memory:/docker/1f\n")
    assert quota(groups, own) == 4
    group(groups / "cpu" / "docker" / "1f", cpu__cfs_quota_us="-1\n")
    assert quota(groups, own) is None


def test_where_there_are_no_groups_there_is_no_bound(tmp_path: Path) -> None:
    assert quota(tmp_path / "none", tmp_path / "neither") is None
