"""Starts a child's process, which can happen before anybody knows what it is to be told: it imports meanwhile."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..watchdog import Pulse
from .folders import PrivateFolder

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


class Started:
    """A process that waits to be told what to do, our end of its socket, its folder, and its pulse."""

    def __init__(self, within: Path | None = None, module: str = "workers.child") -> None:
        """Start it.

        Args:
            within: where its folder is made; by default that for temporary files.
            module: that is run.
        """
        self._ended = False
        self.folder = PrivateFolder(within or Path(tempfile.gettempdir()))
        self.end, theirs = socket.socketpair()
        self.pulse = Pulse()
        handed = theirs.fileno(), self.pulse.writer
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", module, *map(str, handed)],
                cwd=self.folder.path,
                env=_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=sys.__stderr__ or subprocess.DEVNULL,
                pass_fds=handed,
                # Linux shares the cores out among sessions: in its worker's, each would slow the other's start, and
                # a large photograph its heartbeats.
                start_new_session=True,
            )
        self.pulse.given()

    def close(self) -> None:
        """End it now, and remove its folder; a second call is not an error."""
        if self._ended:
            return
        self._ended = True
        self.end.close()
        self.process.kill()
        self.process.wait()
        self.pulse.close()
        self.folder.remove()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Nothing that anybody keeps secret: no address, no password, no key."""
    passed = {name: ours[name] for name in _PASSED_ON if name in ours}
    paths = [str(_ROOT), *filter(None, passed.get("PYTHONPATH", "").split(os.pathsep))]
    return {**_ALONE, **_NO_PLUGINS, **passed, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, paths))}
