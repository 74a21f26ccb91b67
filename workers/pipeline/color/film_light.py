"""The lightness that a scene had for the eye, where a film saw it otherwise: one equation a pixel, as a table.

A film weighs linear red, green and blue by its sensitivity. Of colours with the predicted a*, b*, one has an exposure
that equals the scan's: it is the colour whose lightness is looked for. Nothing is invented, and the same weights make
the scan of the result again.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import lightness_of_luminance, linear_rgb
from photochrom.photo.film import Weights

from . import gamut

Plane = NDArray[np.float32]

_LAYERS = 256  # of the scan's L*
_NODE_STEP = 8
_NODES = 256 // _NODE_STEP + 1
_STEPS = 9
_REMAP_SIDE = 32_000  # OpenCV's limit is 32,767


def seen_by_eye(lightness: Plane, ab: Plane, weights: Weights) -> Plane:
    """Return L* (n, W) of a scene of colours ab (2, n, W) whose scan from a film has L* `lightness` (n, W).

    Good to some tenths: it says which colour to aim at, and what is left of the equation is made up in linear light.
    """
    layers = cv2.convertScaleAbs(lightness, alpha=(_LAYERS - 1) / 100)
    across = np.clip(ab[1], -128, 128) + np.float32(128)
    across *= np.float32(1 / _NODE_STEP)
    across += layers * np.float32(_NODES)
    down = (ab[0] + np.float32(128)) * np.float32(1 / _NODE_STEP)
    change, table = np.empty_like(lightness), _table(weights)
    for start in range(0, lightness.shape[1], _REMAP_SIDE):
        part = np.s_[:, start : start + _REMAP_SIDE]
        change[part] = cv2.remap(
            table, across[part], down[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return lightness + change


@lru_cache(maxsize=4)  # 2 MB and some tenths of a second each
def _table(weights: Weights) -> Plane:
    """By how much L* changes, as a picture: a* down, every b* across, side by side for each of the scans' L*."""
    nodes = np.linspace(-128, 128, _NODES, dtype=np.float32)
    scan, b = (
        x.reshape(1, -1)
        for x in np.meshgrid(np.linspace(0, 100, _LAYERS, dtype=np.float32), nodes, indexing="ij")
    )
    rows = [_solved(scan, np.stack([np.full_like(b, a), b]), weights) for a in nodes]
    return np.concatenate(rows)


def _solved(scan: Plane, ab: Plane, weights: Weights) -> Plane:
    """By how much the L* of colours ab (2, n, W) exceeds that of their scan (n, W): bisection, then a straight line."""
    low, high = np.zeros_like(scan), np.full_like(scan, 100)
    below, above = low - scan, high - scan
    for _ in range(_STEPS):
        middle = np.asarray((low + high) / 2, np.float32)
        error = _on_film(middle, ab, weights) - scan
        dark = error < 0
        low, below = np.where(dark, middle, low), np.where(dark, error, below)
        high, above = np.where(dark, high, middle), np.where(dark, above, error)
    share = below / np.minimum(below - above, np.float32(-1e-6))
    change = low + (high - low) * share - scan
    change[~ab.any(axis=0)] = 0
    return np.asarray(change, np.float32)


def _on_film(lightness: Plane, ab: Plane, weights: Weights) -> Plane:
    """L* of the scan of colours that are fitted into sRGB, as results are."""
    light = linear_rgb(np.stack([lightness, *gamut.fit(lightness, ab)], axis=-1))
    return np.asarray(lightness_of_luminance(light @ np.asarray(weights, np.float32)), np.float32)
