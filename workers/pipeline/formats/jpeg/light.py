"""A JPEG's luma made anew for the light of a film: with the file's own quantisation, block by block.

The chroma comes first, as a decoder will find it. Then each pixel's luma follows, so that the film sees the scan again.
A block in which nothing changes keeps its coefficients. jpeglib reads and writes them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.film import Weights

from ...color.luma_table import luma_of
from ...color.space import RgbSpace
from .coefficients import grey_of, rewritten
from .dct import DCT, SIDE, blocks_of
from .file import JpegFile
from .luma import LumaSource
from .pixels import decode_jpeg

Bytes = NDArray[np.uint8]
Plane = NDArray[np.float32]

_STRIP = 128
_MOST = 1023  # a coefficient of 8-bit samples (T.81, F.1.2)


@dataclass(frozen=True)
class FilmLight:
    """What a film saw, and the space in which the file means its numbers."""

    weights: Weights
    space: RgbSpace


def relit(source: LumaSource, scan: Bytes, chroma: tuple[bytes, bytes], light: FilmLight) -> LumaSource:
    """Return the source with another luma, such that the film sees its full-size luma `scan` (H, W) in the result.

    Args:
        source: a luma with its coefficients.
        scan: the same as pixels.
        chroma: Cb and Cr as they will stand in the result, each as a grey JPEG.
        light: of which film, in which space.

    Raises:
        UnreadablePhoto: the coefficients cannot be read.
    """
    planes = [
        np.asarray(decode_jpeg(c, JpegFile.read(c), "GRAY", 1).pixels[..., 0], np.uint8) for c in chroma
    ]

    def relit_luma(picture: Any) -> Any:
        quantization = picture.qt[picture.quant_tbl_no[0]]
        steps = np.asarray(quantization, np.float32)
        for top in range(0, len(scan), _STRIP):
            strip = scan[top : top + _STRIP]
            blue, red = (_at_full_size(plane, source.chroma_factor, top, strip.shape) for plane in planes)
            luma = luma_of(strip, blue, red, light.space, light.weights)
            _replace(picture.Y[top // SIDE :], strip, luma, steps)
        return grey_of(picture.Y, quantization)

    written = rewritten(source.jpeg, relit_luma).with_metadata(source.jpeg.metadata)
    return replace(source, jpeg=written)


def _replace(coefficients: NDArray[np.int16], scan: Bytes, luma: Plane, steps: Plane) -> None:
    """Write the blocks (rows, columns, 8, 8) of a strip in which the luma (n, W) is not the scan's."""
    changed = _blocks(np.asarray(luma != scan, np.float32)).any(axis=(2, 3))
    places = np.nonzero(changed)
    blocks = _blocks(luma)[places] - np.float32(128)
    transformed = DCT @ blocks @ DCT.T
    coefficients[places] = np.clip(np.rint(transformed / steps), -_MOST, _MOST)


def _blocks(plane: Plane) -> Plane:
    """Cut a strip (n, W) into whole blocks."""
    height, width = (side + -side % SIDE for side in plane.shape)
    return blocks_of(plane, height, width)


def _at_full_size(plane: Bytes, factor: int, top: int, size: tuple[int, int]) -> Bytes:
    """The rows from `top`, (n, W), of a chroma plane, as libjpeg's decoder makes them.

    Its "fancy" way weighs the nearer of two samples with 3/4, each way (jdsample.c), and rounds to either side in turn.
    """
    if factor == 1:
        return plane[top : top + size[0]]
    first, last = top // 2, (top + size[0] + 1) // 2
    around = plane[np.clip(np.arange(first - 1, last + 1), 0, len(plane) - 1)].astype(np.uint16)
    near = 3 * around[1:-1]
    rows = np.stack([near + around[:-2], near + around[2:]], axis=1).reshape(-1, plane.shape[1])
    wide = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
    near = 3 * rows
    full = np.stack([near + wide[:, :-2] + 8, near + wide[:, 2:] + 7], axis=2).reshape(len(rows), -1) >> 4
    return full[: size[0], : size[1]].astype(np.uint8)
