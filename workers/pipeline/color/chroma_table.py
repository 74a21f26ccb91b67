"""JPEG's Cb and Cr for a predicted a*, b* at a given luma, as a table: no full-size colour mathematics."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import LUMA, linear_rgb

from .space import SRGB, RgbSpace

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_NO_SECOND_MAP = np.empty(0, np.float32)
_NODE_STEP = 4
_LUMA_SHIFT = 2
_HUES = 180
_NEWTON_STEPS = 5
_GAMUT_STEPS = 10
_TOLERANCE = 0.5 / 255
_REMAP_SIDE = 32_000  # OpenCV's limit is 32,767


def chroma_of(luma: Bytes, a: Bytes, b: Bytes, space: RgbSpace = SRGB) -> Bytes:
    """Return Cb, Cr (n, W, 2) for luma (n, W) and a* + 128, b* + 128 (n, W), all in bytes.

    The decoded colour has the given a* and b* at that luma; outside the colour space, it has less chroma of the
    same hue.
    """
    # Two 16-bit coordinates made by joining bytes: x = b + 256 * (luma >> 2), y = a. One remap then looks the pairs
    # up faster than numpy could build its index.
    coordinates = cv2.merge([b, luma >> _LUMA_SHIFT, a, np.zeros_like(a)]).view(np.int16)
    chroma = np.empty((*luma.shape, 2), np.uint8)
    for start in range(0, luma.shape[1], _REMAP_SIDE):
        part = np.s_[:, start : start + _REMAP_SIDE]
        chroma[part] = cv2.remap(_table(space), coordinates[part], _NO_SECOND_MAP, cv2.INTER_NEAREST)
    return chroma


@lru_cache(maxsize=4)  # 8 MB and half a second each
def _table(space: RgbSpace) -> Bytes:
    """The table as a picture (256 a*, 64 lumas of 256 b* each, 2), filled in linearly between nodes."""
    step = 1 << _LUMA_SHIFT
    lumas = np.asarray((np.arange(0, 256, step) + (step - 1) / 2) / 255, np.float32)
    nodes = np.arange(-128, 129, _NODE_STEP, dtype=np.float32)
    fill = _interpolation(nodes, np.arange(-128, 128, dtype=np.float32))
    filled = np.einsum("labc,jb->jlac", _at_nodes(lumas, nodes, space), fill, optimize=True)
    filled = np.einsum("jlac,ia->iljc", filled, fill, optimize=True)
    return np.asarray(np.rint(filled).reshape(256, -1, 2), np.uint8)


def _at_nodes(lumas: Floats, nodes: Floats, space: RgbSpace) -> Floats:
    """Cb, Cr (lumas, a* nodes, b* nodes, 2) in 0..255; outside the space, those of the edge at the same hue."""
    edge_chroma, edge = _edge_of_gamut(lumas, space)
    luma, a, b = np.meshgrid(lumas, nodes, nodes, indexing="ij")
    hue = (np.arctan2(b[0], a[0]) / (2 * np.pi) * _HUES) % _HUES
    left, right = hue.astype(np.intp), (hue.astype(np.intp) + 1) % _HUES
    t = (hue % 1)[..., None]
    chroma = np.asarray(edge[:, left] * (1 - t) + edge[:, right] * t, np.float32)
    reach = edge_chroma[:, left] * (1 - t[..., 0]) + edge_chroma[:, right] * t[..., 0]
    inside = np.hypot(a, b) < reach
    chroma[inside] = _chroma(_rgb_at_luma(luma[inside], a[inside], b[inside], space), luma[inside])
    return chroma


def _edge_of_gamut(lumas: Floats, space: RgbSpace) -> tuple[Floats, Floats]:
    """The largest chroma (lumas, hues) inside the space at each luma and hue, and its Cb, Cr (lumas, hues, 2)."""
    luma, hue = np.meshgrid(lumas, np.arange(_HUES, dtype=np.float32) * (2 * np.pi / _HUES), indexing="ij")
    a, b = np.cos(hue), np.sin(hue)
    low, high = np.zeros_like(luma), np.full_like(luma, 181)
    for _ in range(_GAMUT_STEPS):
        middle = (low + high) / 2
        fits = _inside(_rgb_at_luma(luma, a * middle, b * middle, space), luma)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low, _chroma(_rgb_at_luma(luma, a * low, b * low, space), luma)


def _chroma(rgb: Floats, luma: Floats) -> Floats:
    """Cb, Cr (..., 2) in 0..255 of encoded RGB (..., 3) and its luma (...), 0..1 (ITU-T T.871)."""
    blue, red = (rgb[..., 2] - luma) / (2 - 2 * LUMA[2]), (rgb[..., 0] - luma) / (2 - 2 * LUMA[0])
    return np.asarray(np.clip(np.stack([blue, red], axis=-1) * 255 + 128, 0, 255), np.float32)


def _rgb_at_luma(luma: Floats, a: Floats, b: Floats, space: RgbSpace) -> Floats:
    """Encoded RGB (..., 3), not limited, of colours with this luma and this a*, b*: L* by Newton's method."""
    # A saturated colour's luma differs from its lightness; the search begins at the grey of the same luma.
    lightness = space.lightness_of_grey(luma)
    for _ in range(_NEWTON_STEPS):
        error = _rgb(lightness, a, b, space) @ LUMA.astype(np.float32) - luma
        slope = (_rgb(lightness + 0.5, a, b, space) @ LUMA.astype(np.float32) - luma - error) / 0.5
        lightness = np.asarray(lightness - error / np.maximum(slope, 1e-3), np.float32)
    return _rgb(lightness, a, b, space)


def _rgb(lightness: Floats, a: Floats, b: Floats, space: RgbSpace) -> Floats:
    return space.encode(np.asarray(linear_rgb(np.stack([lightness, a, b], axis=-1)), np.float32))


def _inside(rgb: Floats, luma: Floats) -> NDArray[np.bool_]:
    """Whether encoded RGB (..., 3) is in range and the search for its luma (...) converged."""
    in_range = ((rgb >= -_TOLERANCE) & (rgb <= 1 + _TOLERANCE)).all(axis=-1)
    return np.asarray(in_range & (np.abs(rgb @ LUMA.astype(np.float32) - luma) < _TOLERANCE))


def _interpolation(nodes: Floats, at: Floats) -> Floats:
    """Matrix (len(at), len(nodes)) of linear interpolation between equidistant nodes."""
    return np.asarray(
        np.maximum(0, 1 - np.abs(at[:, None] - nodes[None]) / _NODE_STEP).astype(np.float32), np.float32
    )
