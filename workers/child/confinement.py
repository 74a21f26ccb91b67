"""What a process gives up before it opens the photographs of strangers, each for good, and which of it holds.

Before libraries make threads: rights, files, limits. After: sockets and programs, which CUDA's start may need.
"""

import ctypes
import logging
import os
import resource
import site
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from . import landlock, seccomp
from .kernel import call

_log = logging.getLogger(__name__)

Held = dict[str, bool]
"""By the name of a restriction, whether it holds."""
_MOST_FILES = 256
_MOST_FILES_ON_GPU = 4096
# Of 1000: where memory is short, the kernel ends this process and not the one that knows what it was at.
_FIRST_TO_GO = 700
_OURS = ("workers", "photochrom")
# Code, and what its libraries ask about the machine. No folder that anybody keeps photographs or passwords in.
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local/lib", "/usr/local/lib64"),
    *("/usr/local/nvidia", "/usr/local/cuda", "/usr/share/zoneinfo", "/etc/localtime", "/etc/ld.so.cache"),
    *("/nix/store", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm"),
    *("/proc/driver/nvidia", "/proc/devices", "/proc/modules", "/sys/devices", "/sys/bus", "/sys/class"),
    *("/sys/module", "/sys/kernel/mm", "/dev/urandom", "/dev/zero"),
)
_NO_NEW_PRIVILEGES, _CAPABILITIES_3 = 38, 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def before_threads(folder: Path | None, *models: Path) -> Held:
    """Give up rights and files, and bound what may be taken; no library may have made a thread yet.

    Args:
        folder: the only one that may be written to; None is none.
        models: the files of networks.
    """
    go_first()
    return {
        "privileges": _holds(_give_up_privileges),
        "limits": _holds(_limit),
        "files": _holds(
            lambda: landlock.restrict({*_code(os.environ), *models}, [folder] if folder else [], _devices())
        ),
    }


def after_threads() -> Held:
    """Give up the environment, sockets, other programs and other processes, for all threads."""
    os.environ.clear()
    return {"environment": not os.environ, "network": _holds(seccomp.restrict)}


def go_first() -> None:
    """Let the kernel end this process before others when memory is short."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{_FIRST_TO_GO}")


def gpus() -> list[Path]:
    """Return the GPUs of this machine, as files."""
    return [*Path("/dev").glob("nvidia*"), *Path("/dev/dri").glob("render*")]


def _devices() -> list[Path]:
    found = gpus()
    # CUDA gives its threads names there, and does not start where it may not.
    return [Path("/dev/null"), *found, *([Path("/proc/self")] if found else [])]


def _holds(restrict: Callable[[], object]) -> bool:
    try:
        restrict()
    except OSError as error:
        _log.debug("A restriction does not hold: %s", error)
        return False
    return True


def _give_up_privileges() -> None:
    """Gain no rights any more, and have none that only root has."""
    call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call("capset", _CapabilityHeader(_CAPABILITIES_3, 0), (_Capabilities * 2)())


def _limit() -> None:
    files = _MOST_FILES_ON_GPU if gpus() else _MOST_FILES
    for kind, bound in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, files)):
        hard = resource.getrlimit(kind)[1]
        most = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (most, most))


def _code(environment: Mapping[str, str]) -> Iterator[Path]:
    root = Path(__file__).resolve().parents[2]
    yield from (root / name for name in _OURS)
    yield from map(Path, _SYSTEM)
    for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        yield Path(prefix) / sys.platlibdir
        yield Path(prefix) / "lib"
    yield from (Path(entry) for entry in sys.path if _is_for_packages(entry))
    yield from (Path(entry) for entry in environment.get("LD_LIBRARY_PATH", "").split(os.pathsep) if entry)


def _is_for_packages(entry: str) -> bool:
    return entry in site.getsitepackages() or Path(entry).name in ("site-packages", "dist-packages")
