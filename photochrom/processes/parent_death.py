"""End child processes with their parent, even if the parent is killed outright."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

# Loaded before any fork: between fork and exec a child must not import.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(parent: int) -> None:
    """Ask the kernel to send this process SIGTERM when its parent dies; for Popen's `preexec_fn`.

    Only Linux offers this. Elsewhere children that outlive a killed parent must be ended by hand.

    Args:
        parent: pid of the process that forks. If it has died since, nobody would tell us any more: we end here.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(os.EX_OSERR)
