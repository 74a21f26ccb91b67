"""`python -P -m workers.child SOCKET PIPE`: a worker's child, which opens photographs; nobody else starts it."""

import os
import signal
import socket
import sys
import tempfile

from photochrom.processes.start import importing

with importing():
    from photochrom.processes.late_models import late_models

with importing(), late_models():
    from photochrom import logs
    from photochrom.errors import ModelRejected
    from photochrom.processes.parent_death import end_with_parent

    from ..watchdog import give_pulse
    from .confinement import after_threads, before_threads
    from .messages import OUT_OF_MEMORY, Broken, Setup, receive_with_files, send


def main() -> int:
    """Hear what to do, give up what is not needed for it, and do it until the worker closes its end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A service manager tells all processes; the worker finishes what is at work here first.
        signal.signal(number, signal.SIG_IGN)
    end, pipe = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    if (first := receive_with_files(end, 0)) is None:
        return os.EX_OK
    setup = Setup.model_validate_json(first[0])
    end_with_parent(setup.parent, signal.SIGKILL)
    logs.configure(setup.log_format)
    try:
        _serve(end, pipe, setup)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        return os.EX_OK  # the worker is gone
    except MemoryError:
        # Not even the answer could be made: no more is tried.
        os._exit(OUT_OF_MEMORY)
    return os.EX_OK


def _serve(end: socket.socket, pipe: int, setup: Setup) -> None:
    tempfile.tempdir = str(setup.folder)
    held = before_threads(setup.folder, *setup.files())
    # Not at the top: their threads would not be confined.
    with importing(), late_models():
        from ..pipeline.limits import PhotoLimits
        from ..pipeline.parallel import use_threads
        from ..pipeline.repair.classical import ClassicalFinder
        from .load import load_album, load_finder, load_networks
        from .work import Workshop

    try:
        networks, loaded = load_networks(setup)
        finder, album = load_finder(setup), load_album(setup)
    except ModelRejected as error:
        send(end, Broken(detail=str(error)))
        return
    held |= after_threads()
    use_threads(setup.threads)
    send(end, loaded.model_copy(update={"held": held, "finder": finder.card if finder else None}))
    give_pulse(pipe)
    limits = PhotoLimits(max_pixels=setup.max_pixels)
    Workshop(end, networks, limits, finder or ClassicalFinder(), album, setup).serve()


if __name__ == "__main__":
    sys.exit(main())
