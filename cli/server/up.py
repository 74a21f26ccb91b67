"""`photochrom up`: the embedded mode, every part as a process of this machine."""

import http.client
import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from photochrom import schema
from photochrom.errors import PhotochromError, QueueUnavailable
from photochrom.listening import listen, open_door, reachable
from photochrom.locks import take_lock
from photochrom.processes.start import importing
from photochrom.processes.valkey import Embedded, embedded

from .parts import Parts

if TYPE_CHECKING:
    from photochrom.settings import SharedSettings

_log = logging.getLogger(__name__)
_READY_SECONDS = 60.0
_OURS_ALONE = 0o700
_POLL_SECONDS, _POLL_SHARE = 0.05, 0.05
# Once it runs: twenty looks a second were a fifth of what a service takes that has nothing to do.
_LOOK_SECONDS = 0.2
_REDIS_SECONDS = 5
_WEBHOOKS_SECONDS = 0.5
WEBHOOKS = "webhooks"
"""Of the queue's server: all webhooks (`photochrom.webhooks.store`)."""
_REVIVE_SECONDS = 1.0

# To read settings takes as long as all else of this process' start: it is not done where none is set.
SETTINGS = frozenset(
    f"PHOTOCHROM_{name}"
    for name in (
        "REDIS_URL",
        "DATA_DIR",
        "STORAGE",
        "S3_ENDPOINT",
        "S3_PUBLIC_ENDPOINT",
        "S3_REGION",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "S3_SECRET_ACCESS_KEY_FILE",
        "S3_LINK_SECONDS",
        "S3_RETRY_SECONDS",
        "MIN_FREE_BYTES",
        "MAX_UPLOAD_BYTES",
        "MAX_PIXELS",
        "INPUT_RETENTION",
        "RESULT_RETENTION",
        "RECORD_RETENTION",
        "MAX_ATTEMPTS",
        "JOB_TIMEOUT",
        "LOG_FORMAT",
        "TRACES",
        "TRACE_SHARE",
    )
) | {"REDIS_URL"}


class CannotStart(PhotochromError):
    """The service cannot be started here; the sentence says why."""

    code = "cannot-start"


def run_service(*, host: str, port: int, data: Path, workers: int) -> int:
    """Run queue, workers and API until SIGINT or SIGTERM; return the exit code.

    Raises:
        CannotStart: the port or the data folder is in use, others could reach it and nobody said that they may, or a
            part stopped before it was ready.
        StorageUnavailable, StorageFull: the object store cannot be written.
        DataTooNew: a newer version has written queue or data folder.
        QueueUnavailable: no Redis server can be started, or the given one does not answer.
    """
    console = Console(highlight=False, soft_wrap=True)
    _refuse_open_door(host)
    _refuse_taken_port(host, port)
    # From here on SIGTERM and a closed terminal act as Ctrl-C: there is one way out, through the `with` blocks below.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(data))
            env, server = _environment(host, port, data, stack)
            parts = stack.enter_context(Parts(env))
            parts.start("The worker", "workers", "--processes", str(workers))
            parts.start("The API", "service")
            _wait_until_ready(host, port, parts)
            _greet(console, host, port, data, time.monotonic() - started)
            ended = _wait_for_end(parts, server, _Sender(parts, server))
        except KeyboardInterrupt:
            console.print("\nStopping; jobs in progress are kept and continue at the next start.")
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            return 0
        raise CannotStart(f"{ended} stopped unexpectedly; its last messages are above.")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _refuse_open_door(host: str) -> None:
    """Say at once what the API would say seconds later; where more is set than the address, it is left to the API."""
    told = {name.upper() for name in os.environ} & {"PHOTOCHROM_AUTH", "PHOTOCHROM_PUBLISH"}
    if not told and (why := open_door(host)):
        raise CannotStart(why)


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        for probe in listen(host, port):
            probe.close()
    except OSError as error:
        where = f"{host}:{port}" if host else f"port {port}"
        raise CannotStart(
            f"Cannot listen on {where} ({error.strerror}); choose another with --port."
        ) from None


def shared_settings() -> "SharedSettings":
    """Return the settings of the environment; raise `CannotStart` if one is not valid."""
    with importing():
        from pydantic import ValidationError
        from pydantic_settings import SettingsError

        from photochrom.settings import SharedSettings

    try:
        return SharedSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = str(first["loc"][0]).upper().removeprefix("PHOTOCHROM_")
        raise CannotStart(f"The setting PHOTOCHROM_{name} is not valid: {first['msg']}.") from None
    except SettingsError as error:
        raise CannotStart(f"A setting is not valid: {error}.") from None


def _refuse_unreachable(redis_url: str) -> None:
    with importing():
        from redis import Redis
        from redis.exceptions import RedisError

    try:
        with Redis.from_url(
            redis_url, socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS
        ) as redis:
            redis.ping()
    except (RedisError, ValueError) as error:
        raise QueueUnavailable(
            f"The server of REDIS_URL does not answer ({error}); start it, or unset REDIS_URL for the embedded one."
        ) from None


class AlreadyRuns(CannotStart):
    """Another process uses the data folder."""


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Lock the data folder for this process; the lock ends with the process, however that ends.

    Raises:
        AlreadyRuns: another process holds it.
        CannotLock: its file system has no locks.
        CannotStart: the folder cannot be written to.
    """
    try:
        data.mkdir(_OURS_ALONE, parents=True, exist_ok=True)
        lock = (data / "lock").open("w")
    except OSError as error:
        raise CannotStart(f"Cannot write to the data folder {data}: {error.strerror}.") from None
    with lock:
        try:
            take_lock(lock.fileno(), data)
        except BlockingIOError:
            raise AlreadyRuns(
                f"Photochrom already runs on the data folder {data}; stop it, or choose another with --data."
            ) from None
        yield


def _environment(
    host: str, port: int, data: Path, stack: ExitStack
) -> tuple[dict[str, str], Embedded | None]:
    """Return the environment of the parts, and the queue's server if it is ours."""
    settings = shared_settings() if SETTINGS & {name.upper() for name in os.environ} else None
    server = None
    # Before its server starts: that would write to the folder.
    schema.check_folder(data)
    if settings is not None and settings.storage:
        from photochrom.storage.choose import open_storage

        open_storage(settings.model_copy(update={"data_dir": data})).check_writable()
    if redis_url := settings and settings.given_redis_url():
        _refuse_unreachable(redis_url)
        schema.check(redis_url, data)
    else:
        server = stack.enter_context(embedded(data / "queue"))
        redis_url = server.url
        schema.refuse_newer_queue(server.get(schema.KEY))
    env = {
        "PHOTOCHROM_REDIS_URL": redis_url,
        "PHOTOCHROM_DATA_DIR": str(data.resolve()),
        "PHOTOCHROM_HOST": host,
        "PHOTOCHROM_PORT": str(port),
    }
    return env, server


def _wait_until_ready(host: str, port: int, parts: Parts) -> None:
    began = time.monotonic()
    while not _answers_ready(host, port):
        if name := parts.ended():
            raise CannotStart(f"{name} did not start; its last messages are above.")
        if (waited := time.monotonic() - began) > _READY_SECONDS:
            raise CannotStart(
                f"The service was not ready after {_READY_SECONDS:.0f} s; see GET /readyz for why."
            )
        # Where a start takes long, others want the processor: each look is an answer of the API's.
        time.sleep(max(_POLL_SECONDS, waited * _POLL_SHARE))


def _answers_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()  # closing with unread bytes would reset the connection
    except (OSError, http.client.HTTPException):
        return False
    else:
        return answer.status == http.client.OK
    finally:
        connection.close()


class _Sender:
    """The sender of webhooks; it starts last, for nobody waits for it, and only where there is a webhook.

    Without one no event is written for it (`photochrom.jobs.scripts`). A queue that is not ours may get one of another
    API's: there it starts at once.
    """

    def __init__(self, parts: Parts, server: Embedded | None) -> None:
        self._parts, self._server = parts, server
        self._runs, self._look_at = False, 0.0

    def start_if_needed(self) -> None:
        """Look, every half a second, and start it once."""
        if self._runs or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _WEBHOOKS_SECONDS
        with suppress(QueueUnavailable):  # it is being started again
            if self._server is None or self._server.has(WEBHOOKS):
                self._parts.start("The sender of webhooks", "service.webhooks.dispatcher")
                self._runs = True


def _wait_for_end(parts: Parts, server: Embedded | None, sender: _Sender | None = None) -> str:
    """Keep every part running; return the name of the part that cannot be kept running."""
    while (name := parts.revive()) is None:
        if sender is not None:
            sender.start_if_needed()
        time.sleep(_LOOK_SECONDS)
        if server is not None and (code := server.revive()) is not None:
            _log.warning("The queue's server ended with code %s; it runs again, with all its data", code)
            # A part that ends at once each time must not use up the machine with its restarts.
            time.sleep(_REVIVE_SECONDS)
    return name


def _greet(console: Console, host: str, port: int, data: Path, seconds: float) -> None:
    shown = reachable(host)
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    for line in _greeting(url, escape(str(data.resolve())), seconds):
        console.print(line)


def _greeting(url: str, data: str, seconds: float) -> Sequence[str]:
    keys: tuple[str, ...] = ()
    if os.environ.get("PHOTOCHROM_AUTH") == "keys":
        keys = (f"  a key to call it with photochrom keys create NAME --data {data}",)
    return (
        f"[bold]Photochrom is up[/] after {seconds:.1f} s: [bold]{url}[/]",
        f"  colour a photograph   curl -F photo=@grey.jpg {url}/v1/jobs",
        f"  the API, to try out   {url}/docs",
        f"  its data              {data}",
        *keys,
        "Ctrl-C stops it.",
    )
