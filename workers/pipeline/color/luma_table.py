"""JPEG's luma for given chroma, such that a film sees the scan again: as a table, in the file's own RGB space."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import LUMA
from photochrom.photo.film import Weights

from .space import RgbSpace

Bytes = NDArray[np.uint8]
Plane = NDArray[np.float32]

_NODE_STEP = 4
_NODES = 256 // _NODE_STEP + 1
_STEPS = 8
_FINE = 8  # entries for each of the 256 levels
_REMAP_SIDE = 32_000  # OpenCV's limit is 32,767


def luma_of(scan: Bytes, blue: Bytes, red: Bytes, space: RgbSpace, film: Weights) -> Plane:
    """Return the luma (n, W), 0..255, of pixels with this Cb, Cr (n, W) that the film sees as the grey `scan` (n, W).

    Where no luma has such chroma at that exposure, it is the nearest one.
    """
    across = red * np.float32(1 / _NODE_STEP) + scan * np.float32(_NODES)
    down, luma = blue * np.float32(1 / _NODE_STEP), np.empty(scan.shape, np.float32)
    table = _table(space, film)
    for start in range(0, scan.shape[1], _REMAP_SIDE):
        part = np.s_[:, start : start + _REMAP_SIDE]
        luma[part] = cv2.remap(table, across[part], down[part], cv2.INTER_LINEAR)
    return luma


@lru_cache(maxsize=4)  # 4 MB and some tenths of a second each
def _table(space: RgbSpace, film: Weights) -> Plane:
    """The luma as a picture: Cb down, every Cr across, side by side for each of the scans' 256 levels."""
    # What the film sees of the space's own light; the result's decoder keeps RGB within its levels.
    weights = np.asarray(np.linalg.solve(np.asarray(space.from_srgb).T, film), np.float32)
    light = np.asarray(space.decode(np.linspace(0, 1, 255 * _FINE + 1, dtype=np.float32)), np.float32)
    nodes = np.arange(0, 257, _NODE_STEP, dtype=np.float32) - 128
    scan, red = (
        x.reshape(1, -1) for x in np.meshgrid(np.arange(256, dtype=np.float32), nodes, indexing="ij")
    )
    rows = [_solved(scan, _differences(np.float32(blue), red), light, weights) for blue in nodes]
    return np.concatenate(rows)


def _differences(blue: np.float32, red: Plane) -> Plane:
    """By how much R, G and B (3, ...) exceed the luma (ITU-T T.871)."""
    of_red, of_blue = (2 - 2 * LUMA[0]) * red, np.full_like(red, (2 - 2 * LUMA[2]) * blue)
    of_green = -(LUMA[0] * of_red + LUMA[2] * of_blue) / LUMA[1]
    return np.asarray(np.stack([of_red, of_green, of_blue]), np.float32)


def _solved(scan: Plane, differences: Plane, light: Plane, weights: Plane) -> Plane:
    """The luma at which the film's exposure is that of the grey `scan`: bisection, then a straight line."""
    aim = light[(scan * _FINE).astype(np.intp)]
    low, high = np.zeros_like(scan), np.full_like(scan, 255)
    below, above = (_exposure(luma + differences, light, weights) - aim for luma in (low, high))
    for _ in range(_STEPS):
        middle = np.asarray((low + high) / 2, np.float32)
        error = _exposure(middle + differences, light, weights) - aim
        dark = error < 0
        low, below = np.where(dark, middle, low), np.where(dark, error, below)
        high, above = np.where(dark, high, middle), np.where(dark, above, error)
    share = np.clip(below / np.minimum(below - above, np.float32(-1e-9)), 0, 1)
    luma = low + (high - low) * share
    grey = ~differences.any(axis=0)
    luma[grey] = scan[grey]
    return np.asarray(luma, np.float32)


def _exposure(levels: Plane, light: Plane, weights: Plane) -> Plane:
    """What a film sees of RGB (3, ...), 0..255, limited to what a file can hold."""
    places = np.rint(np.clip(levels, 0, 255) * _FINE).astype(np.intp)
    return np.asarray(np.tensordot(weights, light[places], 1), np.float32)
