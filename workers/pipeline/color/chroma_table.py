"""JPEG's Cb and Cr for a predicted a*, b* at a given luma, as a table: no full-size colour mathematics.

The luma is that of the result; or, with a film, that of its scan.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import LUMA, lightness_of_luminance, linear_rgb
from photochrom.photo.film import Weights

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


class _Seer(NamedTuple):
    """To whom a colour is as light as a grey: luma itself, or a film."""

    space: RgbSpace
    film: Weights | None

    def aim(self, luma: Floats) -> Floats:
        """Return what it makes of greys of this luma, 0..1."""
        return luma if self.film is None else self.space.lightness_of_grey(luma) * np.float32(0.01)

    def sees(self, light: Floats) -> Floats:
        """Return what it makes of linear sRGB (..., 3), 0..1."""
        if self.film is None:
            return self.space.encode(light) @ LUMA.astype(np.float32)
        exposure = light @ np.asarray(self.film, np.float32)
        return np.asarray(lightness_of_luminance(exposure) / 100, np.float32)


def chroma_of(luma: Bytes, a: Bytes, b: Bytes, space: RgbSpace = SRGB, film: Weights | None = None) -> Bytes:
    """Return Cb, Cr (n, W, 2) for luma (n, W) and a* + 128, b* + 128 (n, W), all in bytes.

    The decoded colour has the given a* and b* at that luma, or where a film of these weights sees a grey of that luma;
    outside the colour space, it has less chroma of the same hue.
    """
    # Two 16-bit coordinates made by joining bytes: x = b + 256 * (luma >> 2), y = a. One remap then looks the pairs
    # up faster than numpy could build its index.
    coordinates = cv2.merge([b, luma >> _LUMA_SHIFT, a, np.zeros_like(a)]).view(np.int16)
    chroma = np.empty((*luma.shape, 2), np.uint8)
    for start in range(0, luma.shape[1], _REMAP_SIDE):
        part = np.s_[:, start : start + _REMAP_SIDE]
        chroma[part] = cv2.remap(_table(space, film), coordinates[part], _NO_SECOND_MAP, cv2.INTER_NEAREST)
    return chroma


@lru_cache(maxsize=4)  # 8 MB and half a second each
def _table(space: RgbSpace, film: Weights | None) -> Bytes:
    """The table as a picture (256 a*, 64 lumas of 256 b* each, 2), filled in linearly between nodes."""
    step = 1 << _LUMA_SHIFT
    lumas = np.asarray((np.arange(0, 256, step) + (step - 1) / 2) / 255, np.float32)
    nodes = np.arange(-128, 129, _NODE_STEP, dtype=np.float32)
    fill = _interpolation(nodes, np.arange(-128, 128, dtype=np.float32))
    filled = np.einsum("labc,jb->jlac", _at_nodes(lumas, nodes, _Seer(space, film)), fill, optimize=True)
    filled = np.einsum("jlac,ia->iljc", filled, fill, optimize=True)
    return np.asarray(np.rint(filled).reshape(256, -1, 2), np.uint8)


def _at_nodes(lumas: Floats, nodes: Floats, seer: _Seer) -> Floats:
    """Cb, Cr (lumas, a* nodes, b* nodes, 2) in 0..255; outside the space, those of the edge at the same hue."""
    edge_chroma, edge = _edge_of_gamut(lumas, seer)
    luma, a, b = np.meshgrid(lumas, nodes, nodes, indexing="ij")
    hue = (np.arctan2(b[0], a[0]) / (2 * np.pi) * _HUES) % _HUES
    left, right = hue.astype(np.intp), (hue.astype(np.intp) + 1) % _HUES
    t = (hue % 1)[..., None]
    chroma = np.asarray(edge[:, left] * (1 - t) + edge[:, right] * t, np.float32)
    reach = edge_chroma[:, left] * (1 - t[..., 0]) + edge_chroma[:, right] * t[..., 0]
    inside = np.hypot(a, b) < reach
    chroma[inside] = _chroma(luma[inside], a[inside], b[inside], seer)
    return chroma


def _edge_of_gamut(lumas: Floats, seer: _Seer) -> tuple[Floats, Floats]:
    """The largest chroma (lumas, hues) inside the space at each luma and hue, and its Cb, Cr (lumas, hues, 2)."""
    luma, hue = np.meshgrid(lumas, np.arange(_HUES, dtype=np.float32) * (2 * np.pi / _HUES), indexing="ij")
    a, b = np.cos(hue), np.sin(hue)
    low, high = np.zeros_like(luma), np.full_like(luma, 181)
    for _ in range(_GAMUT_STEPS):
        middle = (low + high) / 2
        fits = _inside(luma, a * middle, b * middle, seer)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low, _chroma(luma, a * low, b * low, seer)


def _chroma(luma: Floats, a: Floats, b: Floats, seer: _Seer) -> Floats:
    """Cb, Cr (..., 2) in 0..255 of the colours that `_rgb_at_luma` finds (ITU-T T.871)."""
    rgb = _rgb_at_luma(luma, a, b, seer)
    if seer.film is not None:
        luma = rgb @ LUMA.astype(np.float32)
    blue, red = (rgb[..., 2] - luma) / (2 - 2 * LUMA[2]), (rgb[..., 0] - luma) / (2 - 2 * LUMA[0])
    return np.asarray(np.clip(np.stack([blue, red], axis=-1) * 255 + 128, 0, 255), np.float32)


def _rgb_at_luma(luma: Floats, a: Floats, b: Floats, seer: _Seer) -> Floats:
    """Encoded RGB (..., 3), not limited, of colours with this a*, b* that the seer takes for a grey of this luma."""
    return seer.space.encode(_light(_lightness_at_luma(luma, a, b, seer), a, b))


def _lightness_at_luma(luma: Floats, a: Floats, b: Floats, seer: _Seer) -> Floats:
    """L* (...) of those colours, by Newton's method."""
    # A saturated colour's luma differs from its lightness; the search begins at the grey of the same luma.
    lightness, aim = seer.space.lightness_of_grey(luma), seer.aim(luma)
    for _ in range(_NEWTON_STEPS):
        error = seer.sees(_light(lightness, a, b)) - aim
        slope = (seer.sees(_light(lightness + 0.5, a, b)) - aim - error) / 0.5
        lightness = np.asarray(lightness - error / np.maximum(slope, 1e-3), np.float32)
    return lightness


def _light(lightness: Floats, a: Floats, b: Floats) -> Floats:
    return np.asarray(linear_rgb(np.stack([lightness, a, b], axis=-1)), np.float32)


def _inside(luma: Floats, a: Floats, b: Floats, seer: _Seer) -> NDArray[np.bool_]:
    """Whether the colours that `_rgb_at_luma` finds are in range and its search converged."""
    light = _light(_lightness_at_luma(luma, a, b, seer), a, b)
    rgb = seer.space.encode(light)
    in_range = ((rgb >= -_TOLERANCE) & (rgb <= 1 + _TOLERANCE)).all(axis=-1)
    return np.asarray(in_range & (np.abs(seer.sees(light) - seer.aim(luma)) < _TOLERANCE))


def _interpolation(nodes: Floats, at: Floats) -> Floats:
    """Matrix (len(at), len(nodes)) of linear interpolation between equidistant nodes."""
    return np.asarray(
        np.maximum(0, 1 - np.abs(at[:, None] - nodes[None]) / _NODE_STEP).astype(np.float32), np.float32
    )
