"""The two ways to run the service: `photochrom up`, and API, workers and sender as processes of their own."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
import psutil
from redis import Redis

from photochrom.access.keys import KeyLimits, Scope
from photochrom.jobs.queue import connect
from photochrom.processes.valkey import valkey
from support.networks.tiny_model import tiny_model
from support.pictures.photographs import grey_jpeg
from support.servers.dispatching import SETTINGS
from support.servers.keyring import bearer, new_key
from support.servers.ports import free_port
from support.servers.running import ROOT, service
from support.waiting import wait_for


@dataclass
class Way:
    """A service that runs."""

    name: str
    url: str
    data: Path
    redis_url: str
    headers: dict[str, str] = field(default_factory=dict)
    """Those of somebody who may do everything."""
    lines: list[str] = field(default_factory=list)
    """What its processes have said."""
    pids: list[int] = field(default_factory=list)

    @cached_property
    def redis(self) -> Redis:
        return connect(self.redis_url)

    def client(self, **headers: str) -> httpx.Client:
        shown = headers or self.headers
        return httpx.Client(base_url=self.url, headers=shown, timeout=60, verify=False)

    def key(self, *scopes: Scope, owner: str | None = None) -> tuple[str, dict[str, str]]:
        """Make a key; return its id, and the headers of its holder."""
        record, token = new_key(self, *scopes, owner=owner, limits=KeyLimits())  # type: ignore[arg-type]
        return record.id, bearer(token)

    def done(self, photo: bytes | None = None) -> str:
        """Send a photograph and wait for its end; return the job's address."""
        with self.client() as client:
            url = client.post("/v1/jobs", content=photo or grey_jpeg(size=(96, 64))).json()["url"]
            wait_for(lambda: client.get(url).json()["state"] in {"succeeded", "failed"}, 120, "the job")
            return str(url)

    def processes(self) -> list[psutil.Process]:
        """All its processes."""
        own = [psutil.Process(pid) for pid in self.pids]
        return [*own, *(child for process in own for child in process.children(recursive=True))]


class Ways:
    """Services for the findings, started when the first one asks, and a folder for those that need their own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        model = folder / "tiny.onnx"
        model.write_bytes(tiny_model())
        self.env = {"PHOTOCHROM_MODEL_PATH": str(model)}

    @cached_property
    def up(self) -> Way:
        """`photochrom up`, with its embedded queue, and open as it is by itself."""
        return self._stack.enter_context(self.started("up"))

    @cached_property
    def parts(self) -> Way:
        """A server of one's own, API, worker and sender of webhooks; with keys."""
        return self._stack.enter_context(parts(self.folder / "parts", self.env))

    @property
    def both(self) -> tuple[Way, Way]:
        return self.up, self.parts

    @contextmanager
    def started(self, name: str, **env: str) -> Iterator[Way]:
        """`photochrom up` on a data folder of this name."""
        data = self.folder / name
        with service(data, **self.env, **env) as running:
            redis_url = (data / "queue" / "address").read_text()
            yield Way("up", running.url, data, redis_url, {}, running.lines, [running.process.pid])


@contextmanager
def parts(data: Path, env: dict[str, str], *names: str, **settings: str) -> Iterator[Way]:
    """Run the processes of these names (all by default) on a server of their own; wait until it is ready."""
    port = free_port()
    with ExitStack() as stack:
        redis_url = stack.enter_context(valkey(data / "queue"))
        given = {
            "REDIS_URL": redis_url,
            "PHOTOCHROM_DATA_DIR": str(data),
            "PHOTOCHROM_PORT": str(port),
            "PHOTOCHROM_AUTH": "keys",
            **SETTINGS,
            **env,
            **settings,
        }
        way = Way("parts", f"http://127.0.0.1:{port}", data, redis_url)
        for name in names or ("service", "workers", "service.webhooks.dispatcher"):
            way.pids.append(stack.enter_context(_process(name, given, way.lines)))
        if given["PHOTOCHROM_AUTH"] == "keys":
            way.headers = way.key(Scope.ADMIN, Scope.READ, Scope.WRITE, Scope.METRICS)[1]
        path = "/healthz" if names else "/readyz"
        wait_for(lambda: _status(way.url + path) == httpx.codes.OK, 120, f"{path} of the parts")
        yield way


@contextmanager
def _process(module: str, env: dict[str, str], lines: list[str]) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True).start()
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5, verify=False).status_code
    except httpx.HTTPError:
        return 0
