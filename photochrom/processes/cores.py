"""How many cores this process may use: a machine often has more."""

import math
import os
from pathlib import Path, PurePosixPath

_GROUPS, _OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return the cores that affinity (`taskset`) and control groups (`docker run --cpus`) leave; at least 1."""
    # macOS has no affinity.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, quota(_GROUPS, _OWN_GROUP) or cores))


def quota(groups: Path, own_group: Path) -> int | None:
    """Return the cores' worth of time that the control groups of this process give, rounded up; None for no bound."""
    found = [bound for folder in _folders(groups, own_group) if (bound := _bound(folder)) is not None]
    return min(found, default=None)


def _folders(groups: Path, own_group: Path) -> list[Path]:
    """Every group bounds those within it; a container sees its own as the outermost."""
    folders = [groups, groups / "cpu"]
    for line in _text(own_group).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            top = groups if controllers == "" else groups / "cpu"
            parts = PurePosixPath(path).parts[1:]
            folders += [top.joinpath(*parts[: end + 1]) for end in range(len(parts))]
    return folders


def _bound(folder: Path) -> int | None:
    # Version 2 has both numbers in one file, version 1 one in each.
    said = _text(folder / "cpu.max") or " ".join(
        _text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")
    )
    numbers = [int(word) for word in said.split() if word.isdecimal()]
    # "max", "-1", or no such file: no bound.
    return math.ceil(numbers[0] / numbers[1]) if len(numbers) == 2 and numbers[1] else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
