"""Makes single 8 x 8 blocks of a JPEG anew, with the file's own quantisation; every other block stays bit for bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coefficients import rewritten
from .dct import DCT, SIDE, blocks_of
from .file import JpegFile

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
_ROWS_AT_ONCE = 64


def with_luma(jpeg: JpegFile, luma: Bytes, changed: Mask) -> JpegFile:
    """Return the picture, its chroma as it was, with the luma that `changed` marks taken from `luma`.

    Args:
        jpeg: one whose first component is luma at full resolution.
        luma: (H, W), what the changed pixels are to hold.
        changed: (H, W); blocks without any keep their coefficients.

    Returns:
        The picture with the metadata of `jpeg`.

    Raises:
        UnreadablePhoto: the picture is damaged.
    """

    def remade(picture: Any) -> Any:
        steps = np.asarray(picture.qt[picture.quant_tbl_no[0]], np.float32)
        _remake(picture.Y, steps, luma, changed)
        return picture

    return rewritten(jpeg, remade).with_metadata(jpeg.metadata)


def _remake(coefficients: NDArray[Any], steps: Floats, luma: Bytes, changed: Mask) -> None:
    """Make the touched blocks of coefficients (h, w, 8, 8) anew, in place, some rows of blocks at a time."""
    width = coefficients.shape[1] * SIDE
    for top in range(0, len(coefficients), _ROWS_AT_ONCE):
        rows = slice(top * SIDE, (top + _ROWS_AT_ONCE) * SIDE)
        strip = coefficients[top : top + _ROWS_AT_ONCE]
        marked = blocks_of(changed[rows], len(strip) * SIDE, width)
        touched = marked.any(axis=(2, 3))
        if touched.any():
            wanted = blocks_of(luma[rows], len(strip) * SIDE, width)[touched]
            strip[touched] = _joined(strip[touched], steps, wanted, marked[touched])


def _joined(coefficients: NDArray[Any], steps: Floats, wanted: Bytes, marked: Mask) -> NDArray[Any]:
    """Return quantised coefficients (n, 8, 8) of blocks that hold `wanted` where marked, and else what they held."""
    # Not the decoder's bytes: what lies beyond black and white in a block is a part of its coefficients.
    held = DCT.T @ (coefficients * steps) @ DCT
    pixels = np.where(marked, wanted.astype(np.float32) - 128, held)
    return np.asarray(np.rint(DCT @ pixels @ DCT.T / steps), coefficients.dtype)
