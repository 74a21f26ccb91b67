"""`python -m workers [--processes N]`: N worker processes under a supervisor; settings from the environment."""

import argparse
import os
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from photochrom import logs
from photochrom.logs import LogFormat
from photochrom.numerals import whole_number
from photochrom.processes.start import importing

from .supervisor import (
    GRACE_SECONDS,
    HEARTBEAT_SECONDS,
    LEAST_HEARTBEAT_SECONDS,
    MEMORY_BYTES,
    MISCONFIGURED,
    Supervisor,
)

if TYPE_CHECKING:
    from .child.start import Started


def main() -> int:
    """Supervise, or (with `--single`) be one worker."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument(
        "--processes", type=whole_number, help="worker processes (default: PHOTOCHROM_PROCESSES or 1)"
    )
    parser.add_argument("--single", action="store_true", help="be one worker, without a supervisor")
    arguments = parser.parse_args()
    try:
        logs.configure(LogFormat(os.environ.get("PHOTOCHROM_LOG_FORMAT", LogFormat.TEXT)))
    except ValueError as error:
        sys.stderr.write(f"PHOTOCHROM_LOG_FORMAT: {error}; give text or json.\n")
        return MISCONFIGURED
    if arguments.single:
        return _work()
    # The settings are read by the workers: the supervisor stays small and starts them at once.
    try:
        processes = arguments.processes or _whole_number("PHOTOCHROM_PROCESSES", 1, least=1)
        grace = _whole_number("PHOTOCHROM_SHUTDOWN_GRACE", GRACE_SECONDS)
        memory = _whole_number("PHOTOCHROM_MEMORY_BYTES", MEMORY_BYTES)
        heartbeat = _whole_number(
            "PHOTOCHROM_HEARTBEAT_TTL", HEARTBEAT_SECONDS, least=LEAST_HEARTBEAT_SECONDS
        )
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    os.environ["PHOTOCHROM_PROCESSES"] = str(processes)
    # -P: a folder `workers` where the user is must not be run in our place.
    command = [sys.executable, "-P", "-m", "workers", "--single"]
    return Supervisor(
        command, processes=processes, grace=grace, memory_bytes=memory, heartbeat=heartbeat
    ).run()


def _whole_number(name: str, default: int, least: int = 0) -> int:
    with suppress(ValueError):
        if (given := whole_number(os.environ.get(name, str(default)))) >= least:
            return given
    raise ValueError(f"{name} is not valid; give a whole number from {least} up.")


def _work() -> int:
    from .child.start import Started

    # First: the child's start is most of ours, and it imports its libraries while the settings are read here.
    with closing(Started()) as started:
        return _work_with(started)


def _work_with(started: "Started") -> int:
    with importing():
        from photochrom.processes.late_models import late_models

    with importing(), late_models():
        from photochrom.errors import DataTooNew, ModelRejected, QueueUnavailable, TracingMissing
        from photochrom.settings import UNUSABLE

        from .child.colorist import ChildBroken, Colorist
        from .settings import WorkerSettings

    try:
        settings = WorkerSettings()
        with closing(Colorist(settings, settings.share_of_threads(), started)) as colorist:
            # The child loads the network while the queue's libraries load here.
            with importing(), late_models():
                from .worker import run

            run(settings, colorist)
    except (DataTooNew, ModelRejected, TracingMissing, *UNUSABLE) as error:
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    except (QueueUnavailable, ChildBroken) as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
