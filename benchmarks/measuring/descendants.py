"""The processes below this one: their CPU time, and the cores that they may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def cpu_seconds() -> float:
    """Return the CPU time of all processes below this one, those that have ended included."""
    ended = os.times()
    return ended.children_user + ended.children_system + sum(map(cpu_seconds_of, descendants(os.getpid())))


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU time of one process and of those that it has seen to their end; 0 where it has ended itself."""
    return sum(map(int, _fields(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def descendants(parent: int) -> Iterator[int]:
    """Yield the ids of the processes that it started, and of those that they started."""
    below: dict[int, list[int]] = {}
    # Not by `children` in /proc, which leaves some out while threads come and go.
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _fields(int(folder.name)):
            below.setdefault(int(fields[1]), []).append(int(folder.name))
    found = below.get(parent, [])
    for pid in found:
        yield pid
        found.extend(below.get(pid, []))


def _fields(pid: int) -> list[str]:
    """Return what the kernel tells behind the process' name, its state first; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def keep_to(cores: int) -> Iterator[None]:
    """Let this process and those below it, with all their threads, use the first `cores` of its cores for a while."""
    before = os.sched_getaffinity(0)
    _let_use(sorted(before)[:cores])
    try:
        yield
    finally:
        _let_use(before)


def _let_use(cores: list[int] | set[int]) -> None:
    for pid in (os.getpid(), *descendants(os.getpid())):
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):
                os.sched_setaffinity(int(task.name), cores)
