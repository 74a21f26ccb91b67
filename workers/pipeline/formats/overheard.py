"""What a decoder written in C says to standard error, where it says it nowhere else."""

import os
import tempfile
from collections.abc import Callable


def overheard(work: Callable[[], object]) -> str:
    """Do it, and return what this process wrote to standard error meanwhile: nothing of it goes there.

    For a moment, and for work in a process that does one thing at a time, as a worker's child does: what other threads
    write then is overheard, too.
    """
    with tempfile.TemporaryFile() as file:
        usual = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            work()
        finally:
            os.dup2(usual, 2)
            os.close(usual)
        file.seek(0)
        return file.read().decode(errors="replace")
