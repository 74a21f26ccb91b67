"""Makes single 8 x 8 blocks of a JPEG anew, with the file's own quantisation; every other block stays bit for bit."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import UnreadablePhoto

from .coefficients import jpeglib
from .jpeg_file import JpegFile
from .jpeg_pixels import without_metadata

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
_SIDE = 8
_ROWS_AT_ONCE = 64
_FREQUENCIES = np.arange(_SIDE)[:, None] * (2 * np.arange(_SIDE)[None] + 1) * np.pi / 16
# Orthonormal DCT-II, which is T.81's: rows are frequencies.
_DCT = np.asarray(
    np.cos(_FREQUENCIES) * np.where(np.arange(_SIDE) == 0, np.sqrt(1 / 8), 0.5)[:, None], np.float32
)


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
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        path = Path(folder) / "blocks.jpg"
        path.write_bytes(without_metadata(jpeg))
        try:
            picture = jpeglib.read_dct(str(path))
            steps = np.asarray(picture.qt[picture.quant_tbl_no[0]], np.float32)
            _remake(picture.Y, steps, luma, changed)
            picture.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        except OSError as error:
            raise UnreadablePhoto(f"The JPEG is damaged or truncated: {error}.") from error
        written = JpegFile.read(path.read_bytes())
    frame = replace(written.frame, height=jpeg.frame.height, width=jpeg.frame.width)
    return replace(written, frame=frame).with_metadata(jpeg.metadata)


def _remake(coefficients: NDArray[Any], steps: Floats, luma: Bytes, changed: Mask) -> None:
    """Make the touched blocks of coefficients (h, w, 8, 8) anew, in place, some rows of blocks at a time."""
    width = coefficients.shape[1] * _SIDE
    for top in range(0, len(coefficients), _ROWS_AT_ONCE):
        rows = slice(top * _SIDE, (top + _ROWS_AT_ONCE) * _SIDE)
        strip = coefficients[top : top + _ROWS_AT_ONCE]
        marked = _blocks(changed[rows], len(strip) * _SIDE, width)
        touched = marked.any(axis=(2, 3))
        if touched.any():
            wanted = _blocks(luma[rows], len(strip) * _SIDE, width)[touched]
            strip[touched] = _joined(strip[touched], steps, wanted, marked[touched])


def _joined(coefficients: NDArray[Any], steps: Floats, wanted: Bytes, marked: Mask) -> NDArray[Any]:
    """Return quantised coefficients (n, 8, 8) of blocks that hold `wanted` where marked, and else what they held."""
    # Not the decoder's bytes: what lies beyond black and white in a block is a part of its coefficients.
    held = _DCT.T @ (coefficients * steps) @ _DCT
    pixels = np.where(marked, wanted.astype(np.float32) - 128, held)
    return np.asarray(np.rint(_DCT @ pixels @ _DCT.T / steps), coefficients.dtype)


def _blocks(plane: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Cut a plane into blocks (h, w, 8, 8); beyond its edges it goes on as at them."""
    padded = np.pad(plane, ((0, height - plane.shape[0]), (0, width - plane.shape[1])), mode="edge")
    return padded.reshape(height // _SIDE, _SIDE, width // _SIDE, _SIDE).swapaxes(1, 2)
