"""Landlock (Linux 5.13, `landlock(7)`): a process gives up all files but those below a few paths, for good.

It counts for the thread that calls and for those that it starts later: call it before libraries make theirs.
"""

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .kernel import syscall

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL = 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
# Remove files and folders, make folders and files.
_CHANGE = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
_READ = _READ_FILE | _READ_DIR
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
# Version of the kernel's interface: how many of the rights on files it knows.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_RIGHTS_OF_LATER = 16
_BIND_AND_CONNECT_TCP = 0b11
# Signals to, and abstract sockets of, processes outside.
_SCOPES = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the version of the kernel's interface; 0 where there is none, or it is switched off."""
    with suppress(OSError):
        return syscall(_CREATE, None, 0, _VERSION)
    return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path], devices: Iterable[Path]) -> None:
    """Give up every file but these, TCP, and signals to others; `no_new_privs` must be set.

    Args:
        readable: files and folders; those that are not there are passed over.
        writable: folders in which files and folders may be made, changed and removed.
        devices: to be read, written and controlled.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    handled = (1 << _RIGHTS.get(known, _RIGHTS_OF_LATER)) - 1
    network = _BIND_AND_CONNECT_TCP if known >= 4 else 0
    scopes = _SCOPES if known >= 6 else 0
    rules = _Ruleset(handled, network, scopes)
    size = ctypes.sizeof(rules) if known >= 6 else 16 if known >= 4 else 8
    ruleset = syscall(_CREATE, rules, size, 0)
    try:
        for rights, paths in (
            (_READ, readable),
            (_READ | _WRITE_FILE | _TRUNCATE | _CHANGE, writable),
            (_READ | _WRITE_FILE | _TRUNCATE | _IOCTL, devices),
        ):
            for path in paths:
                with suppress(FileNotFoundError, PermissionError):
                    _allow(ruleset, path, rights & handled)
        syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = _Beneath(rights if path.is_dir() else rights & _OF_FILES, descriptor)
        syscall(_ADD, ruleset, _PATH_BENEATH, beneath, 0)
    finally:
        os.close(descriptor)
