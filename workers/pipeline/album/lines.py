"""All lines near a side of a rectangle, and how much of an edge lies along each."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .paper import Lab, Paper

Points = NDArray[np.float32]
Indices = NDArray[np.int32]

_SAMPLES = 32
_ENDS = 0.06  # of a side: left out at each end, where rounded and covered corners lie
_BESIDE = 4.5  # pixels outwards
_FAINT, _ROUGH = 1.2, 1.2  # CIELAB; of the paper's own sharpness
_ENOUGH = 0.6  # of a side
_DARKER, _PLAIN = 1.5, 4.0  # L*; pixels, of less of which one side cannot be told from the other
_LIKE = 0.1  # of the sharpest line's edge
_APART, _THICK = 2.0, 6.0  # pixels between two lines
_EMPTY, _FULL, _FREE = 0.06, 0.85, 0.3  # of what lies between them, and beyond the outer one


@dataclass(frozen=True)
class Way:
    """How finely is looked."""

    step: float
    """Pixels between lines."""
    reach: float
    """Pixels to each side of a line that are compared."""
    most: float
    """CIELAB; more is not more of an edge."""


@dataclass(frozen=True)
class Lines:
    """Lines (n) near a side."""

    first: Indices
    last: Indices
    """Which places their ends have, counted inwards."""
    values: Points
    """How much of an edge lies along each."""
    hits: Points
    """On which share of it, 0..1."""
    places: Points
    """(samples, places, 2): x and y."""
    covered: Points
    """(samples, places), 0..1: what is not paper."""
    light: Points
    """(places,): L*, in the middle of the samples."""
    step: float

    def at(self, number: int) -> tuple[Points, float]:
        """Return both ends of a line (2, 2), and the share on which an edge lies along it."""
        ends = [self.places[0, self.first[number]], self.places[-1, self.last[number]]]
        return np.asarray(np.stack(ends), np.float32), float(self.hits[number])

    def depth(self, number: int) -> float:
        """Return how many pixels inwards a line lies, in its middle."""
        return float(self.first[number] + self.last[number]) / 2 * self.step

    def sharpest(self) -> int:
        """Return the line with most of an edge, the outer one of like ones; the middle one where there is none."""
        if self.values.max() <= 0:
            middle = self.covered.shape[1] // 2
            return int((np.abs(self.first - middle) + np.abs(self.last - middle)).argmin())
        return self._best(self.values >= 0.95 * self.values.max())

    def outermost(self) -> int:
        """Return the outermost line with an edge: that of a print's border, not that of a caption or a neighbour."""
        sharpest = self.sharpest()
        depths = (self.first + self.last) * (self.step / 2)
        inner = self.depth(sharpest)
        like = (self.values >= _LIKE * self.values[sharpest]) & (self.hits >= _ENOUGH)
        like &= depths <= inner - _APART
        for depth in np.unique(depths[like]):
            best = self._best(like & (depths >= depth) & (depths <= depth + _APART))
            if self._is_border(self.depth(best), inner):
                return best
        return sharpest

    def _best(self, allowed: NDArray[np.bool_]) -> int:
        return int(np.where(allowed, self.values, -1).argmax())

    def _is_border(self, outer: float, inner: float) -> bool:
        """Tell whether one thing lies between two depths, and paper beyond."""
        places = np.arange(self.covered.shape[1]) * self.step
        beyond = self.covered[:, np.clip(round((outer - _BESIDE) / self.step), 0, None)]
        if float(beyond.mean()) > _FREE:
            return False
        if self._gets_darker(outer, inner):
            return False
        between = self.covered[:, (places > outer + _THICK / 2) & (places < inner - _THICK / 2)]
        if not between.size:
            return True
        share = float(between.mean())
        return share < _EMPTY or share > _FULL

    def _gets_darker(self, outer: float, inner: float) -> bool:
        """Tell whether a shadow lies between two depths: the nearer to the print, the darker."""
        paper, first, last = (
            self.light[np.clip(round(at / self.step), 0, len(self.light) - 1)]
            for at in (outer - _APART, min(outer + 1, inner), max(inner - _APART, outer))
        )
        if inner - outer < _PLAIN:
            return bool(last < paper - _DARKER)
        return bool(last < first - _DARKER)


def lines_along(
    page: Lab, paper: Paper, start: Points, end: Points, normal: Points, reach: float, way: Way
) -> Lines:
    """Return the lines near a side from `start` to `end`, up to `reach` pixels outwards and inwards.

    Args:
        page: (h, w, 3), CIELAB.
        paper: what the page is made of.
        start: x and y.
        end: x and y.
        normal: the unit vector inwards.
        reach: pixels.
        way: how finely is looked.
    """
    offsets = np.arange(-reach, reach + way.step, way.step, dtype=np.float32)
    shares = np.linspace(_ENDS, 1 - _ENDS, _SAMPLES, dtype=np.float32)
    places = start + shares[:, None, None] * (end - start) + offsets[None, :, None] * normal
    edges = _edges(page, paper, places, normal, way)
    count = len(offsets)
    first, last = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    near = np.abs(first - last) <= max(6, count // 4)
    first, last = first[near], last[near]
    between = np.linspace(0, 1, _SAMPLES)[:, None]
    rows = np.rint(first * (1 - between) + last * between).astype(np.int32)
    along = edges[np.arange(_SAMPLES)[:, None], rows]
    covered = taken(paper.covered, places)
    return Lines(
        first.astype(np.int32),
        last.astype(np.int32),
        along.mean(axis=0),
        (along > 0).mean(axis=0, dtype=np.float32),
        np.asarray(places, np.float32),
        covered,
        np.median(taken(np.ascontiguousarray(page[..., 0]), places), axis=0),
        way.step,
    )


def _edges(page: Lab, paper: Paper, places: Points, normal: Points, way: Way) -> Points:
    """Return (samples, offsets), CIELAB: how sharply the page changes there, inwards, where paper ends."""
    tones = [taken(page, places + by * way.reach * normal) for by in (-3, -1, 1, 3)]
    before, step, after = (np.abs(tones[i + 1] - tones[i]).max(axis=2) for i in range(3))
    # A step, not the slope of a soft shadow.
    change = cv2.blur(np.maximum(step - np.minimum(before, after), 0), (1, 3))
    beside = taken(paper.covered, places - _BESIDE * normal)
    # A shadow may lie outside; another photograph may not, where there is a choice.
    shade = np.clip(1 - beside, 0.05, 1)
    faint = max(_FAINT, _ROUGH * paper.rough)
    return np.asarray(np.clip(change - faint, 0, way.most) * shade, np.float32)


def taken(values: NDArray[np.float32], places: Points) -> NDArray[np.float32]:
    """Return the values at places (..., 2), x and y."""
    x, y = (np.ascontiguousarray(places[..., i], np.float32) for i in (0, 1))
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
