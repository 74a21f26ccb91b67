"""`python -P probe.py FOLDER MODEL ...`: confine this process as the child is, then try what it must not; prints JSON.

Each attempt is told by the name of the error that it met, or "done".
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from workers.child.confinement import after_threads, before_threads


def met(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except BaseException as error:
        return type(error).__name__
    return "done"


def read_memory_of(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, pid, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def attempts(folder: Path, outside: Path, parent: int) -> dict[str, Callable[[], object]]:
    return {
        "read a file outside": outside.read_bytes,
        "list a folder outside": lambda: list(outside.parent.iterdir()),
        "write a file outside": lambda: (outside.parent / "new").write_bytes(b""),
        "read the accounts": Path("/etc/passwd").read_bytes,
        "read its worker's environment": Path(f"/proc/{parent}/environ").read_bytes,
        "lead out of its folder": lambda: (folder / "link").symlink_to(outside),
        "internet": lambda: socket.socket(socket.AF_INET),
        "internet, version 6": lambda: socket.socket(socket.AF_INET6),
        "sockets of this machine": lambda: socket.socket(socket.AF_UNIX),
        "a program": lambda: subprocess.run(["/bin/true"], check=True),
        "a copy of itself": os.fork,
        "the end of its worker": lambda: os.kill(parent, 0),
        "its worker's memory": lambda: read_memory_of(parent),
        "its worker's limits": lambda: resource.prlimit(parent, resource.RLIMIT_CORE),
        "more open files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 16, 1 << 16)),
    }


def main() -> None:
    folder, outside = Path(sys.argv[1]), Path(sys.argv[2])
    held = before_threads(folder, outside.parent / "model.onnx")
    # Of a thread that was there before the last step, too: a library's.
    ready, found = threading.Event(), {}
    waiting = threading.Thread(
        target=lambda: (ready.wait(), found.update(internet=met(lambda: socket.socket(socket.AF_INET))))
    )
    waiting.start()
    held |= after_threads()
    ready.set()
    waiting.join()
    tried = {name: met(attempt) for name, attempt in attempts(folder, outside, os.getppid()).items()}
    (folder / "own").write_bytes(b"x")
    told = {
        "held": held,
        "tried": tried,
        "thread": found["internet"],
        "environment": dict(os.environ),
        "may": [
            met((folder / "own").read_bytes),
            met((folder / "own").unlink),
            met(lambda: threading.Thread(target=int).start()),
            met(lambda: signal.raise_signal(signal.SIGCHLD)),
            met(lambda: resource.getrlimit(resource.RLIMIT_DATA)),
            met(lambda: Path(json.__file__).read_bytes()),
            met(lambda: (outside.parent / "model.onnx").read_bytes()),
        ],
    }
    os.write(1, json.dumps(told).encode())


if __name__ == "__main__":
    main()
