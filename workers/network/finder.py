"""The network that finds damage, on ONNX Runtime."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.photo.restoration import FinderCard

from ..sure import Sure
from . import providers as execution
from .late_session import LateSession

Bytes = NDArray[np.uint8]
_STRIDE = 16
_PREFIX = "photochrom.finder."
_STRENGTHS = (0.0, 0.5, 1.0)


class OnnxFinder:
    """Says how surely each pixel is damaged: `workers.pipeline.repair.finder.Finder`.

    The session is made by `load`, or for the first photograph.
    """

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
        """Read what the ONNX file at `path`, exported by `model.repair.export`, says of itself.

        Args:
            path: the file.
            threads: of one call on the CPU; 0 takes all cores.
            providers: in order of preference; those that this machine lacks are skipped.
            gpu_memory_mb: the most GPU memory that it may take, in MiB; 0 is no limit, None the CPU.

        Raises:
            ModelRejected: it is missing, damaged, or another network.
        """
        there = [execution.CPU] if gpu_memory_mb is None else ort.get_available_providers()
        # Few photographs are repaired: what it took goes back.
        self._network = LateSession(
            path,
            "a finder of damage",
            threads=threads,
            keeps_memory=False,
            providers=[name for name in providers if name in there],
            gpu_memory_mb=gpu_memory_mb or 0,
        )
        told = self._network.metadata
        try:
            self.card = FinderCard.model_validate(
                {name: told[_PREFIX + name] for name in FinderCard.model_fields}
            )
            self._sure = [_levels(told, name) for name in Sure._fields]
        except (KeyError, ValueError) as error:
            raise self._network.rejected(error) from error

    def load(self) -> None:
        """Make the session.

        Raises:
            ModelRejected: it cannot be made, or does not run.
        """
        self.find(np.zeros((32, 32), np.uint8))

    def find(self, lightness: Bytes) -> Bytes:
        """Return the sureness (H, W), 0..255, of L* (H, W), 0..255."""
        height, width = lightness.shape
        # Beyond the edge the picture goes on as at it: the network wants whole blocks.
        padded = np.pad(lightness, ((0, -height % _STRIDE), (0, -width % _STRIDE)), mode="edge")
        sureness = self._network.run(["sureness"], {"lightness": padded[None, None]})[0]
        return np.asarray(sureness[0, 0, :height, :width], np.uint8)

    def thresholds(self, strength: float) -> Sure:
        """Return how sure it must be; the file says so."""
        return Sure(*(round(float(np.interp(strength, _STRENGTHS, levels))) for levels in self._sure))


def _levels(told: Mapping[str, str], name: str) -> list[int]:
    """Return a level of `Sure` at each strength; older files lack those that have a default."""
    default = Sure._field_defaults.get(name)
    text = told.get(f"{_PREFIX}sure.{name}")
    if text is None and default is not None:
        return [default] * len(_STRENGTHS)
    return [int(level) for level in told[f"{_PREFIX}sure.{name}"].split()]
