"""The border that a print has alike on all its sides, however faint its outer edge is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .lines import taken
from .paper import Lab, Paper

Points = NDArray[np.float32]
Plane = NDArray[np.float32]

_STEP = 0.5  # pixels between the places of a profile
_SAMPLES, _ENDS = 48, 0.08  # along a side; of it, left out at each end
_DEPTH, _LEAST, _MOST = 0.11, 8.0, 60.0  # of the sides across, and pixels: how deep a border may be
_THINNEST = 2.5  # pixels
_INNER, _OUTER = 1.5, 2.0  # CIELAB; more is not more of an edge
_NOISE = 0.3  # CIELAB that a mean along a side still has
_DARKER = 0.5  # of an edge behind which it gets darker: a shadow begins so
_TONE = 8.0  # CIELAB: a picture begins so
_BEYOND, _FREE = 4.5, 0.3  # pixels outwards, and how much of them may be something else than paper
_PEAK, _ALIKE = 5, 2  # places to each side: one edge; edges that are as far apart as others
_ENOUGH = 2.2  # of both edges, over four sides: more than one side has to show it


@dataclass(frozen=True)
class _Profile:
    """What lies along lines beside a side, from without inwards."""

    inner: Plane
    """(places,): how much of an edge lies there."""
    outer: Plane
    """The same where paper may end and a border begin."""

    def outermost(self, width: int) -> tuple[float, int | None]:
        """Return how well a border of so many places fits, and where it begins; None where that cannot be seen."""
        near = _greatest(self.outer, _ALIKE)[:-width]
        both = self.inner[width:] + near
        place = int(both.argmax())
        if near[place] <= 0:
            return float(both[place]), None
        first = max(place - _ALIKE, 0)
        return float(both[place]), first + int(self.outer[first : place + _ALIKE + 1].argmax())


def border_around(
    page: Lab, paper: Paper, sides: list[tuple[Points, Points]], across: list[float]
) -> list[float] | None:
    """Return how far inwards of each line the print ends (negative: outwards); None where no border is seen.

    The edges of a border are parallel, and equally far apart on all sides. So all sides are searched together, each by
    the mean along it, in which the paper's grain averages out.

    Args:
        page: (h, w, 3), CIELAB.
        paper: what the page is made of.
        sides: of each an edge (2, 2) of the print, outer or inner, and the unit vector inwards.
        across: of each the pixels from it to the opposite one.
    """
    reach = min(max(_LEAST, _DEPTH * min(across)), _MOST)
    offsets = np.arange(-reach, reach + _STEP, _STEP, dtype=np.float32)
    profiles = [_profile(page, paper, line, normal, offsets) for line, normal in sides]
    alone = sum(float(each.inner.max()) for each in profiles)
    best, chosen = alone + _ENOUGH, None
    for width in range(round(_THINNEST / _STEP), round(reach / _STEP)):
        fits = [each.outermost(width) for each in profiles]
        value = sum(fit for fit, _ in fits)
        if value > best:
            best, chosen = value, [place for _, place in fits]
    if chosen is None:
        return None
    seen = [float(offsets[place]) for place in chosen if place is not None]
    return [float(np.median(seen)) if place is None else float(offsets[place]) for place in chosen]


def _profile(page: Lab, paper: Paper, line: Points, normal: Points, offsets: Points) -> _Profile:
    shares = np.linspace(_ENDS, 1 - _ENDS, _SAMPLES, dtype=np.float32)
    places = line[0] + shares[:, None, None] * (line[1] - line[0]) + offsets[None, :, None] * normal
    tones = np.median(taken(page, places), axis=0)
    free = taken(paper.covered, places - _BEYOND * normal).mean(axis=0) <= _FREE
    step = _steps(tones)
    lighter, color = step[:, 0], np.abs(step[:, 1:]).max(axis=1)
    strength = np.abs(step).max(axis=1)
    # The shoulders of an edge are none themselves.
    peak = strength >= _greatest(strength, _PEAK)
    edge = np.maximum(np.maximum(lighter, -_DARKER * lighter), color)
    outer = np.where(free & (lighter > -_TONE), edge, 0)
    inner, outer = (
        np.asarray(np.where(peak, np.clip(values - _NOISE, 0, most), 0), np.float32)
        for values, most in ((strength, _INNER), (outer, _OUTER))
    )
    return _Profile(inner, outer)


def _greatest(values: Plane, around: int) -> Plane:
    kernel = np.ones((1, 2 * around + 1), np.uint8)
    return np.asarray(cv2.dilate(values.astype(np.float32)[None], kernel)[0], np.float32)


def _steps(tones: Plane) -> Plane:
    """Return (places, 3): how a profile steps within two pixels, apart from what it does beside them."""
    far, near = round(3 / _STEP), round(1 / _STEP)
    padded = np.pad(tones, ((far, far), (0, 0)), mode="edge")
    at = [padded[far + by : len(padded) - far + by] for by in (-far, -near, near, far)]
    before, step, after = (at[i + 1] - at[i] for i in range(3))
    ramp = np.minimum(np.abs(before), np.abs(after))
    return np.asarray(np.sign(step) * np.maximum(np.abs(step) - ramp, 0), np.float32)
