"""End child processes with their parent, even if the parent is killed outright."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

# Loaded before any fork: between fork and exec a child must not import.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(parent: int, how: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send this process `how` when its parent dies; for Popen's `preexec_fn`, or a child's start.

    Only Linux offers this. Elsewhere children that outlive a killed parent must be ended by hand.

    Args:
        parent: pid of the process that forks. If it has died since, nobody would tell us any more: we end here.
        how: the signal.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os._exit(os.EX_OSERR)
