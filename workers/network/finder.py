"""The network that finds damage, on ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.errors import ModelRejected

from . import providers as execution

Bytes = NDArray[np.uint8]
_STRIDE = 16
_LEVELS = np.float32(1 / 2.55)


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
        gpu_memory_mb: int = 0,
    ) -> None:
        """Load the ONNX file at `path`, exported by `model.repair.export`.

        Raises:
            ModelRejected: it cannot be loaded, or is another network.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        wanted = [name for name in providers if name in ort.get_available_providers()]
        try:
            self._session = execution.open_session(path, options, wanted, gpu_memory_mb=gpu_memory_mb)
            self._session.run(["sureness"], {"lightness": np.zeros((1, 1, 32, 32), np.float32)})
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ModelRejected(f"{path.name} is not a finder of damage: {error}") from error

    def find(self, lightness: Bytes) -> Bytes:
        """Return the sureness (H, W), 0..255, of L* (H, W), 0..255."""
        height, width = lightness.shape
        # Beyond the edge the picture goes on as at it: the network wants whole blocks.
        padded = np.pad(lightness, ((0, -height % _STRIDE), (0, -width % _STRIDE)), mode="edge")
        given = {"lightness": (padded.astype(np.float32) * _LEVELS)[None, None]}
        sureness = self._session.run(["sureness"], given)[0][0, 0, :height, :width]
        return np.asarray(np.rint(sureness * 255), np.uint8)
