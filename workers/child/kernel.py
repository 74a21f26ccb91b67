"""System calls that Python has no name for."""

import ctypes
import os
import sys
from typing import Any

LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def syscall(number: int, *given: "int | ctypes.Structure | None") -> int:
    """Make a system call by its number.

    Raises:
        OSError: it was refused, or this is no Linux.
    """
    return _checked("syscall", ctypes.c_long(number), *map(_argument, given))


def call(name: str, *given: "int | ctypes.Structure | ctypes.Array[Any]") -> int:
    """Call a function of the C library that answers -1 where it was refused.

    Raises:
        OSError: it was refused, or this is no Linux.
    """
    return _checked(name, *map(_argument, given))


def _argument(given: object) -> object:
    if isinstance(given, int):
        return ctypes.c_ulong(given)
    return ctypes.byref(given) if isinstance(given, ctypes.Structure) else given


def _checked(name: str, *given: object) -> int:
    if _libc is None:
        raise OSError(f"{name} is Linux's.")
    answer = int(getattr(_libc, name)(*given))
    if answer == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer
