"""Start our other packages as processes and stop them cleanly."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from photochrom.numerals import whole_number
from photochrom.processes.parent_death import end_with_parent

_ROOT = Path(__file__).resolve().parents[2]
_STOP_SECONDS = 20


def stop_seconds() -> int:
    """Return how long to wait for children: longer than the worker's grace, after which it gives its job back."""
    grace = os.environ.get("PHOTOCHROM_SHUTDOWN_GRACE", "")
    with suppress(ValueError):
        return max(_STOP_SECONDS, whole_number(grace) + 5)
    return _STOP_SECONDS


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `extra`; the packages are importable from any folder."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **extra}


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `python -m module` with this interpreter.

    `-P`: otherwise Python would look into the user's folder first, and run a `service` or `workers` that lies there.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def start(module: str, *arguments: str, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start `python -m module` in its own session: Ctrl-C reaches only this process, which stops the child cleanly."""
    return subprocess.Popen(  # noqa: S603 - our own modules
        module_command(module, *arguments),
        env=environment(env),
        start_new_session=True,
        preexec_fn=partial(end_with_parent, os.getpid()),
    )


def stop(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Ask each child to stop, wait, and kill those that do not; a second Ctrl-C kills at once."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    try:
        for child in children:
            child.wait(timeout=stop_seconds())
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        for child in children:
            if child.poll() is None:
                child.kill()
    for child in children:
        child.wait()
