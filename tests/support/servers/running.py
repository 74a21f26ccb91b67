"""Start `photochrom` as a stranger would, and talk to it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from support.servers.ports import free_port
from support.waiting import wait_for

ROOT = Path(__file__).parents[3]


@dataclass
class Service:
    """`photochrom up` as a stranger runs it: a process, its words, and its address."""

    process: "subprocess.Popen[str]"
    url: str
    lines: list[str] = field(default_factory=list)
    seconds_to_ready: float = 0.0

    def client(self) -> httpx.Client:
        # It is plain http: reading the system's certificates for it takes most of a client's time.
        return httpx.Client(base_url=self.url, timeout=30, verify=False)

    def workers(self) -> list[psutil.Process]:
        """The processes that hold the model."""
        return self.parts("workers", "--single")

    def parts(self, *words: str) -> list[psutil.Process]:
        """The processes with these words in their command, such as those of `python -m module`."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            # One may end while we look.
            with suppress(psutil.NoSuchProcess):
                if set(words) <= set(process.cmdline()):
                    found.append(process)
        return found

    def upload(self, photo: bytes, **options: Any) -> str:
        with self.client() as client:
            response = client.post("/v1/jobs", files={"photo": ("grey.jpg", photo)}, data=options)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        with self.client() as client:
            return dict(client.get(f"/v1/jobs/{job_id}").json())

    def wait(self, job_id: str, state: str = "succeeded", seconds: float = 60) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = dict(client.get(f"/v1/jobs/{job_id}").json())
            ended = job["state"] in {"succeeded", "failed", "canceled"}
            assert job["state"] == state or not ended, job
            return job if job["state"] == state else None

        with self.client() as client:
            return wait_for(look, seconds, f"job {job_id} {state}")

    def result(self, job_id: str) -> bytes:
        with self.client() as client:
            response = client.get(f"/v1/jobs/{job_id}/result")
        assert response.status_code == 200, response.text
        return response.content

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


def _environment() -> dict[str, str]:
    """This process', without our settings; what a shell says against bytecode would have each start compile us anew."""
    ours = ("PHOTOCHROM_", "REDIS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def command(*arguments: str, folder: Path = ROOT, **extra: str) -> "subprocess.Popen[str]":
    """Start `photochrom ...` in a folder; its stdout and stderr come as one stream."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", *arguments],
        cwd=folder,
        env={**_environment(), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Background jobs of a script inherit an ignored Ctrl-C; a stranger at a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def photochrom(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `photochrom ...` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env={**_environment(), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def service(
    data: Path, *arguments: str, port: int | None = None, folder: Path = ROOT, **env: str
) -> Iterator[Service]:
    """Run it on `data`; a given port is for a service that comes back where it was."""
    port = port or free_port()
    started = time.monotonic()
    process = command("up", "--port", str(port), "--data", str(data), *arguments, folder=folder, **env)
    running = Service(process, f"http://127.0.0.1:{port}")
    # A thread of its own reads on for ever: a full pipe would stop the service.
    reader = threading.Thread(
        target=lambda: [running.lines.append(line) for line in process.stdout or []], daemon=True
    )
    reader.start()
    try:

        def ready() -> bool:
            assert process.poll() is None, "".join(running.lines)
            return any("is up" in line for line in running.lines)

        wait_for(ready, 60, "the service's greeting")
        running.seconds_to_ready = time.monotonic() - started
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join(timeout=5)
