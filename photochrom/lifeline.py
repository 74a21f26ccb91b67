"""End child processes with their parent, even if the parent is killed outright."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1

# Loaded before any fork: between fork and exec a child must not import.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Ask the kernel to send this process SIGTERM when its parent dies; for Popen's `preexec_fn`.

    Only Linux offers this. Elsewhere children that outlive a killed parent must be ended by hand.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
