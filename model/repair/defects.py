"""Draws defects onto clean photographs, and the mask that says where: dust, hairs, scratches, creases, cracks, spots.

A defect replaces the light below it, as dust on a scanner's glass or a bared negative does, or shades it, as a fold or
foxing does. Only what it visibly changes counts as damaged. Sizes are in pixels of a scan of about 300 dpi.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Rng = np.random.Generator
Drawer = Callable[[tuple[int, int], Rng], Plane]
VISIBLE = 3.0
"""A pixel counts as damaged where its L* moved by more than this."""
_SHIFT = 3  # fractional bits of OpenCV's coordinates
_FINE = 2  # strokes are drawn at this scale, so that half pixels of width show


@dataclass(frozen=True)
class Damaged:
    """A photograph with defects.

    Attributes:
        lightness: (H, W), L* 0..100.
        mask: (H, W), true where a defect shows.
    """

    lightness: Plane
    mask: NDArray[np.bool_]


def damage(lightness: Plane, rng: Rng, kinds: tuple[str, ...], density: float = 1.0) -> Damaged:
    """Draw one to four kinds of defects onto L* (H, W); `density` scales how many of each."""
    result = lightness.copy()
    area = lightness.size / 256**2
    for kind in rng.choice(kinds, rng.integers(1, 5)):
        for _ in range(max(1, rng.poisson(density * _OFTEN[kind] * min(area, 4.0)))):
            _lay(result, DRAWERS[kind](lightness.shape, rng), kind, rng)
    return Damaged(result, np.abs(result - lightness) > VISIBLE)


def _lay(lightness: Plane, cover: Plane, kind: str, rng: Rng) -> None:
    """Lay a defect of the given cover (H, W), -1..1, over the photograph, in place."""
    if kind in _SHADING:
        lightness += cover * np.float32(rng.uniform(8, 30))
    else:
        light = rng.uniform(85, 100) if rng.random() < _LIGHT_SHARE[kind] else rng.uniform(0, 18)
        lightness += cover * np.float32(rng.uniform(0.55, 1.0)) * (np.float32(light) - lightness)
    np.clip(lightness, 0, 100, out=lightness)


def _stroke(size: tuple[int, int], lines: list[Plane], width: float) -> Plane:
    """Draw open lines of points (n, 2) as x, y; return their cover (H, W), 0..1."""
    canvas = np.zeros((size[0] * _FINE, size[1] * _FINE), np.uint8)
    points = [np.rint(line * (_FINE << _SHIFT)).astype(np.int32)[:, None] for line in lines]
    thickness = max(1, round(width * _FINE))
    cv2.polylines(canvas, points, False, 255, thickness, cv2.LINE_AA, _SHIFT)
    return _reduced(canvas)


def _reduced(canvas: NDArray[np.uint8]) -> Plane:
    size = canvas.shape[1] // _FINE, canvas.shape[0] // _FINE
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA) / np.float32(255), np.float32)


def _wandering(size: tuple[int, int], rng: Rng, length: float, bend: float) -> Plane:
    """Return points (n, 2) of a line that bends at random, with steps of 3 pixels."""
    steps = max(2, int(length / 3))
    turns = np.cumsum(rng.normal(0, bend, steps)) * 0.5
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(turns * 0.3)
    start = rng.uniform(0, 1, 2) * size[::-1]
    moved = 3 * np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1), axis=0)
    return np.asarray(start + moved, np.float32)


def dust(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw specks of irregular outline, alone or in a cluster."""
    canvas = np.zeros((size[0] * _FINE, size[1] * _FINE), np.uint8)
    centre, spread = rng.uniform(0, 1, 2) * size[::-1], rng.uniform(10, 80)
    for _ in range(rng.integers(1, 12)):
        radius = min(rng.lognormal(0.35, 0.5), 7.0)
        at = centre + rng.normal(0, spread, 2)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radii = radius * rng.uniform(0.5, 1.3, 9)
        outline = at + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
        points = np.rint(outline * (_FINE << _SHIFT)).astype(np.int32)
        cv2.fillPoly(canvas, [points], 255, cv2.LINE_AA, _SHIFT)
    return _softened(_reduced(canvas), rng)


def hair(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw a fibre or hair."""
    line = _wandering(size, rng, rng.uniform(15, 160), rng.uniform(0.03, 0.35))
    return _softened(_stroke(size, [line], rng.uniform(0.8, 2.6)), rng)


def scratch(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw a nearly straight scratch, whole or broken, often upright."""
    length = rng.uniform(0.15, 1.6) * max(size)
    line = _wandering(size, rng, length, rng.uniform(0, 0.004))
    if rng.random() < 0.4:  # along the film
        across = rng.uniform(0, size[1]) + np.cumsum(rng.normal(0, 0.08, len(line)))
        line = np.stack([across, np.linspace(-5, size[0] + 5, len(line))], 1).astype(np.float32)
    pieces = [line]
    if rng.random() < 0.4:
        cuts = np.sort(rng.integers(0, len(line), 6))
        pieces = [line[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=True) if b - a > 1] or pieces
    return _softened(_stroke(size, pieces, rng.uniform(0.7, 4.5)), rng)


def crack(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw cracks of an emulsion: jagged lines that branch."""
    lines: list[Plane] = []
    ends = [(rng.uniform(0, 1, 2) * size[::-1], rng.uniform(0, 2 * np.pi))]
    while ends and len(lines) < 14:
        at, heading = ends.pop(0)
        count = rng.integers(4, 14)
        headings = heading + rng.normal(0, 0.45, count)
        steps = rng.uniform(4, 14, count)[:, None] * np.stack([np.cos(headings), np.sin(headings)], 1)
        line = np.concatenate([at[None], at + np.cumsum(steps, axis=0)])
        lines.append(np.asarray(line, np.float32))
        turns = rng.choice([-1, 1], 2) * rng.uniform(0.5, 1.3, 2)
        ends += [(line[rng.integers(1, len(line))], heading + turn) for turn in turns]
    return _softened(_stroke(size, lines, rng.uniform(0.8, 2.4)), rng)


def crease(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw a fold: a broken-up line, light beside dark."""
    line = _wandering(size, rng, 1.5 * max(size), rng.uniform(0, 0.01))
    width = rng.uniform(1.5, 5)
    ridge = _stroke(size, [line], width)
    side = np.asarray([[1, 0, rng.uniform(-1, 1) * width], [0, 1, rng.uniform(-1, 1) * width]], np.float32)
    shade = cv2.warpAffine(ridge, side, size[::-1])
    worn = cv2.resize(
        rng.uniform(0.2, 1, (size[0] // 6 + 2, size[1] // 6 + 2)).astype(np.float32), size[::-1]
    )
    return _softened(np.asarray((1.6 * ridge - 0.7 * shade) * worn, np.float32), rng)


def spot(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw foxing: dark spots with soft, uneven edges."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    cover = np.zeros(size, np.float32)
    for _ in range(rng.integers(1, 5)):
        y, x = rng.uniform(0, 1, 2) * size
        radius = rng.uniform(2, 9)
        uneven = 1 + 0.25 * np.sin(3 * np.arctan2(rows - y, columns - x) + rng.uniform(0, 6))
        distance = np.hypot(rows - y, columns - x) / (radius * uneven)
        cover = np.maximum(cover, np.clip(1.6 - 1.6 * distance, 0, 1)).astype(np.float32)
    return -cover


def tide(size: tuple[int, int], rng: Rng) -> Plane:
    """Draw the edge that water left: a wavy line, sharp outside and soft inside."""
    angles = np.linspace(0, 2 * np.pi, 120)
    radius = rng.uniform(0.15, 0.5) * max(size)
    waves = np.sum(
        [rng.uniform(0, 0.12) * np.sin(k * angles + rng.uniform(0, 6)) for k in range(2, 7)], axis=0
    )
    outline = np.stack([np.cos(angles), np.sin(angles)], 1) * (radius * (1 + waves))[:, None]
    line = np.asarray(rng.uniform(0, 1, 2) * size[::-1] + outline, np.float32)
    return -_softened(_stroke(size, [line], rng.uniform(1.2, 3.5)), rng)


def _softened(cover: Plane, rng: Rng) -> Plane:
    sigma = rng.uniform(0, 0.9)
    return cover if sigma < 0.3 else np.asarray(cv2.GaussianBlur(cover, (0, 0), sigma), np.float32)


DRAWERS: dict[str, Drawer] = {
    "dust": dust,
    "hair": hair,
    "scratch": scratch,
    "crack": crack,
    "crease": crease,
    "spot": spot,
    "tide": tide,
}
_OFTEN = {"dust": 2.5, "hair": 2.0, "scratch": 1.5, "crack": 1.0, "crease": 0.7, "spot": 1.2, "tide": 0.7}
_SHADING = ("crease", "spot", "tide")
_LIGHT_SHARE = {"dust": 0.7, "hair": 0.6, "scratch": 0.75, "crack": 0.7}
HELD_OUT = ("crack", "tide")
"""Kinds that training never draws: what was learned must hold for them too."""
TRAINED = tuple(kind for kind in DRAWERS if kind not in HELD_OUT)
