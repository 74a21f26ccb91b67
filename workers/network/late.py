"""A network that is loaded for the first photograph that needs it: a worker's start does not wait for it."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.options import ColorizeOptions

from . import providers as execution
from .onnx_file import OnnxFile
from .predictor import LendingPredictor, Prediction


class LatePredictor:
    """Weights for the CPU whose card is read at once, and whose session is made by the first prediction.

    Attributes:
        card: what the model promises; whether its graph keeps that is seen as it is loaded.
        provider: the CPU; on a GPU all networks share the memory out at the start.
    """

    provider = execution.CPU

    def __init__(self, path: Path, load: Callable[[bytes], LendingPredictor]) -> None:
        """Read the card of the ONNX file at `path`; `load` makes a predictor of the file's bytes.

        Raises:
            ModelRejected: the file is missing, damaged, or has no valid card.
        """
        self._file, self._load = OnnxFile(path), load
        try:
            self.card = ModelCard.from_metadata(self._file.metadata)
        except ModelRejected as error:
            raise ModelRejected(f"{path.name}: {error}") from error
        self._palette: NDArray[np.float32] | None = None
        # Those that lend palettes are copies of this one, and share what is loaded.
        self._loaded = cache(self._load_now)

    def lent(self, palette: NDArray[np.float32]) -> "LatePredictor":
        """Return a predictor on the same session that uses this palette: (Q,), shares of the card's bins."""
        other = copy.copy(self)
        other._palette = palette
        return other

    def predict(self, lightness: NDArray[np.float32], options: ColorizeOptions) -> Prediction:
        """Predict colour from lightness (H, W), L* 0..100; raises as `OnnxPredictor.predict` does.

        Raises:
            ModelRejected: the network cannot be loaded.
        """
        loaded = self._loaded()
        return (loaded if self._palette is None else loaded.lent(self._palette)).predict(lightness, options)

    def _load_now(self) -> LendingPredictor:
        loaded = self._load(self._file.read())
        if loaded.card != self.card:
            raise ModelRejected(f"{self._file.name} was overwritten meanwhile; start the workers again.")
        return loaded
