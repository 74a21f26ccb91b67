"""The blocks of a JPEG and their cosine transform (ITU-T T.81, A.3.3)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 8
_FREQUENCIES = np.arange(SIDE)[:, None] * (2 * np.arange(SIDE)[None] + 1) * np.pi / 16
DCT = np.asarray(
    np.cos(_FREQUENCIES) * np.where(np.arange(SIDE) == 0, np.sqrt(1 / 8), 0.5)[:, None], np.float32
)
"""Orthonormal DCT-II, which is T.81's, float32 (8, 8): rows are frequencies. Of a block: `DCT @ block @ DCT.T`."""


def blocks_of(plane: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Cut a plane (H, W) into blocks (height / 8, width / 8, 8, 8); beyond its edges it goes on as at them."""
    padded = np.pad(plane, ((0, height - plane.shape[0]), (0, width - plane.shape[1])), mode="edge")
    return padded.reshape(height // SIDE, SIDE, width // SIDE, SIDE).swapaxes(1, 2)
