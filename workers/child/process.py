"""The worker's end of its child: a process, a socket to it, and the pipe on which it is felt to live."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from photochrom.errors import PhotochromError

from ..failures import OutOfMemory, PhotoCrashed, PhotoHung
from ..watchdog import Pulse
from .folders import PrivateFolder
from .messages import OUT_OF_MEMORY, Event, Request, Setup, Signature, Turn, event_of, receive, send

_ROOT = Path(__file__).resolve().parents[2]
# What the dynamic linker and CUDA have to know before a process can give up its environment.
_PASSED_ON = (
    *("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MODULE_LOADING", "PYTHONPATH"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "TZ"),
)
# Its products of matrices are small: threads of OpenBLAS would spend more on waiting for each other than on the work.
_ALONE = {"OPENBLAS_NUM_THREADS": "1"}
# Other packages' plugins have nothing to do there, and looking through all packages for them delays every start.
_NO_PLUGINS = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
_LOOK_SECONDS = 0.5
_END_SECONDS = 5.0
_BY_THE_KERNEL = (-signal.SIGKILL, OUT_OF_MEMORY)


class Child:
    """One process; when it ends, however it does, what was asked of it is lost."""

    def __init__(self, setup: Setup, hang_seconds: float, module: str = "workers.child") -> None:
        """Start it; it loads its model meanwhile.

        Args:
            setup: what it is told; it gets a folder of its own within that of the setup.
            hang_seconds: without a sign of life, after which it counts as hung.
            module: that is run.
        """
        self._hang, self._ended = hang_seconds, False
        self._folder = PrivateFolder(setup.folder)
        self._end, theirs = socket.socketpair()
        self._end.settimeout(_LOOK_SECONDS)
        self._pulse = Pulse()
        handed = theirs.fileno(), self._pulse.writer
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", module, *map(str, handed)],
                cwd=self._folder.path,
                env=_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=sys.__stderr__ or subprocess.DEVNULL,
                pass_fds=handed,
            )
        self._pulse.given()
        with suppress(PhotochromError):  # one that has ended already is found so when it is to be heard
            self.say(setup.model_copy(update={"folder": self._folder.path, "parent": os.getpid()}))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def say(self, message: Setup | Request | Turn | Signature, files: tuple[int, ...] = ()) -> None:
        """Send a message; see `read` for what it raises."""
        try:
            send(self._end, message, files)
        except TimeoutError:
            raise PhotoHung from None
        except OSError as error:
            raise self._ending() from error

    def speaks(self, seconds: float) -> bool:
        """Wait so long for the next that it says; return whether there is something to hear, be it its end."""
        return bool(select.select([self._end], [], [], seconds)[0])

    def hear(self) -> Event:
        """Wait for what it says next; see `read` for what it raises."""
        try:
            return event_of(receive(self.read))
        except ValueError:
            raise PhotoCrashed from None

    def read(self, most: int) -> bytes:
        """Return 1 to `most` bytes, as soon as there are any.

        Raises:
            PhotoCrashed, OutOfMemory: it has ended.
            PhotoHung: it gives no sign of life any more, or was stopped.
        """
        while True:
            try:
                if data := self._end.recv(most):
                    return data
            except TimeoutError:
                if self._pulse.hangs(self._hang) or self._is_stopped():
                    raise PhotoHung from None
            except OSError as error:
                raise self._ending() from error
            else:
                raise self._ending()

    def end(self) -> None:
        """End it now, and remove its folder; a second call is not an error."""
        if self._ended:
            return
        self._ended = True
        self._end.close()
        self._process.kill()
        self._process.wait()
        self._pulse.close()
        self._folder.remove()

    def _ending(self) -> PhotochromError:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_END_SECONDS)
            return OutOfMemory() if code in _BY_THE_KERNEL else PhotoCrashed(code)
        return PhotoCrashed()

    def _is_stopped(self) -> bool:
        # Not on macOS before Python 3.13; there only the pulse tells.
        with suppress(ChildProcessError, AttributeError):
            return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Nothing that anybody keeps secret: no address, no password, no key."""
    passed = {name: ours[name] for name in _PASSED_ON if name in ours}
    paths = [str(_ROOT), *filter(None, passed.get("PYTHONPATH", "").split(os.pathsep))]
    return {**_ALONE, **_NO_PLUGINS, **passed, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, paths))}
