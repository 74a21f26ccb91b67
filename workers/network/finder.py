"""The network that finds damage, on ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.restoration import FinderCard

from ..sure import Sure
from . import providers as execution

Bytes = NDArray[np.uint8]
_STRIDE = 16
_PREFIX = "photochrom.finder."
_STRENGTHS = (0.0, 0.5, 1.0)


class OnnxFinder:
    """Says how surely each pixel is damaged: `workers.pipeline.repair.finder.Finder`."""

    margin = 64
    """The network sees about as far."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 0,
        providers: Sequence[str] = execution.PROVIDERS,
        gpu_memory_mb: int | None = 0,
    ) -> None:
        """Load the ONNX file at `path`, exported by `model.repair.export`.

        Args:
            path: the file.
            threads: of one call on the CPU; 0 takes all cores.
            providers: in order of preference; those that this machine lacks are skipped.
            gpu_memory_mb: the most GPU memory that it may take, in MiB; 0 is no limit, None the CPU.

        Raises:
            ModelRejected: it cannot be loaded, or is another network.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False  # few photographs are repaired: what it took goes back
        options.log_severity_level = 3
        there = ["CPUExecutionProvider"] if gpu_memory_mb is None else ort.get_available_providers()
        wanted = [name for name in providers if name in there]
        try:
            self._session = execution.open_session(path, options, wanted, gpu_memory_mb=gpu_memory_mb or 0)
            self._session.run(["sureness"], {"lightness": np.zeros((1, 1, 32, 32), np.uint8)})
            told = self._session.get_modelmeta().custom_metadata_map
            self.card = FinderCard.model_validate(
                {name: told[_PREFIX + name] for name in FinderCard.model_fields}
            )
            self._sure = [
                [int(level) for level in told[f"{_PREFIX}sure.{name}"].split()] for name in Sure._fields
            ]
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ModelRejected(f"{path.name} is not a finder of damage: {error}") from error

    def find(self, lightness: Bytes) -> Bytes:
        """Return the sureness (H, W), 0..255, of L* (H, W), 0..255."""
        height, width = lightness.shape
        # Beyond the edge the picture goes on as at it: the network wants whole blocks.
        padded = np.pad(lightness, ((0, -height % _STRIDE), (0, -width % _STRIDE)), mode="edge")
        sureness = self._session.run(["sureness"], {"lightness": padded[None, None]})[0]
        return np.asarray(sureness[0, 0, :height, :width], np.uint8)

    def thresholds(self, strength: float) -> Sure:
        """Return how sure it must be; the file says so."""
        return Sure(*(round(float(np.interp(strength, _STRENGTHS, levels))) for levels in self._sure))
