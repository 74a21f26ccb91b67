"""The session of a small network beside the colorizer: its file is judged at once, its session made when asked."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort

from photochrom.errors import ModelRejected

from . import providers as execution
from .onnx_file import OnnxFile


class LateSession:
    """One ONNX file, whose session is made by the first run."""

    def __init__(
        self,
        path: Path,
        called: str,
        *,
        threads: int = 0,
        keeps_memory: bool = True,
        providers: Sequence[str] = (execution.CPU,),
        gpu_memory_mb: int = 0,
    ) -> None:
        """Open the file at `path`.

        Args:
            path: the file.
            called: what it should be, as sentences say it: "a finder of damage".
            threads: of one call on the CPU; 0 takes all cores.
            keeps_memory: whether a run's memory is kept for the next one.
            providers: those of this machine, in order of preference.
            gpu_memory_mb: the most GPU memory that it may take, in MiB; 0 is no limit.

        Raises:
            ModelRejected: it is missing, cut off, or another kind of file.
        """
        self._file, self._called = OnnxFile(path), called
        self._options = execution.session_options(threads, keeps_memory=keeps_memory)
        self._providers, self._gpu_memory_mb = providers, gpu_memory_mb
        self.metadata = self._file.metadata
        self._has_run = False

    def run(self, outputs: Sequence[str], inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Return these outputs, of which alone what they need is computed.

        Raises:
            ModelRejected: the first run shows that it is another network.
        """
        try:
            found: list[np.ndarray] = self._session.run(list(outputs), dict(inputs), _for_outputs())
        except Exception as error:  # ONNX Runtime's errors have no common base
            if self._has_run:
                raise
            raise self.rejected(error) from error
        self._has_run = True
        return found

    def rejected(self, error: Exception) -> ModelRejected:
        """Return the error to raise for what is wrong with the file."""
        return ModelRejected(f"{self._file.name} is not {self._called}: {error}")

    @cached_property
    def _session(self) -> ort.InferenceSession:
        return execution.open_session(
            self._file.read(), self._options, self._providers, gpu_memory_mb=self._gpu_memory_mb
        )


def _for_outputs() -> ort.RunOptions:
    options = ort.RunOptions()
    options.only_execute_path_to_fetches = True
    return options
