"""Where prints lie on a page: scattered, in rows and columns, touching each other, and alone."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import Rng

Corners = NDArray[np.float32]
SIDE = 768
"""Longest side of a page in pixels."""
MOST_TILT = 18.0  # degrees
_TRIES = 25
_STEP = 12  # pixels: a cell of `Pages`
_ASPECTS = (1.0, 1.25, 4 / 3, 3 / 2, 1.7, 3 / 4, 2 / 3, 0.8, 0.6)


@dataclass(frozen=True)
class Place:
    """Where a print lies: its middle (x, y), width, height, and degrees clockwise."""

    x: float
    y: float
    width: float
    height: float
    angle: float

    @property
    def reach(self) -> float:
        """How far the corners are from the middle."""
        return float(np.hypot(self.width, self.height)) / 2

    @property
    def corners(self) -> Corners:
        """(4, 2): from the upper left one on, clockwise."""
        turn = np.deg2rad(self.angle)
        along = np.asarray((np.cos(turn), np.sin(turn))) * self.width / 2
        down = np.asarray((-np.sin(turn), np.cos(turn))) * self.height / 2
        middle = np.asarray((self.x, self.y))
        ends = (middle - along - down, middle + along - down, middle + along + down, middle - along + down)
        return np.asarray(ends, np.float32)


def drawn_size(least: float, rng: Rng) -> tuple[int, int]:
    """Draw the height and width of a picture, the shorter one at least this share of the longer.

    Cells of the network that sees all of it end where the picture ends, so that a mirrored picture has mirrored cells.
    """
    short = _STEP * round(SIDE * rng.uniform(least, 1.0) / _STEP)
    return (SIDE, short) if rng.random() < 0.5 else (short, SIDE)


def drawn_places(size: tuple[int, int], rng: Rng) -> list[Place]:
    """Draw places on a page of this height and width."""
    kind = rng.random()
    if kind < 0.35:
        return _in_rows(size, rng)
    if kind < 0.41:
        return [_large(size, rng)]
    return _scattered(size, 1 if kind < 0.46 else int(rng.integers(2, 13)), rng)


def _large(size: tuple[int, int], rng: Rng) -> Place:
    """Lay one print that leaves little of the page, off the middle."""
    share, angle = rng.uniform(0.55, 0.9, 2), rng.normal(0, rng.choice((0.3, 2.0)))
    turn = abs(np.deg2rad(angle))
    height, width = share * size / (1 + 1.6 * turn)
    free = np.asarray(size) * (1 - share)
    y, x = np.asarray(size) / 2 + rng.uniform(-0.45, 0.45, 2) * free
    place = Place(float(x), float(y), float(width), float(height), float(angle))
    return (
        place
        if _fits(place, [], size, 0.0)
        else Place(size[1] / 2, size[0] / 2, width * 0.8, height * 0.8, 0.0)
    )


def _in_rows(size: tuple[int, int], rng: Rng) -> list[Place]:
    """Lay prints in rows and columns, of one size or not, with gaps from none to wide, now and then askew."""
    most = (10, 6) if size[0] > size[1] else (6, 10)
    few = rng.random() < 0.75
    rows, columns = (int(rng.integers(1, (4 if few else most) + 1)) for most in most)
    height, width = (
        side * rng.uniform(0.86, 1) / count for side, count in zip(size, (rows, columns), strict=True)
    )
    gap = min(height, width) * rng.choice((0.003, 0.02, 0.08, 0.2))
    loose = rng.random() < 0.5
    tilt, spread = rng.normal(0, 2) * (rng.random() < 0.4), rng.choice((0.0, 0.6, 3.0))
    left, top = (size[1] - columns * width) / 2, (size[0] - rows * height) / 2
    aspect = None if rng.random() < 0.4 else rng.choice(_ASPECTS)
    found: list[Place] = []
    for row in range(rows):
        for column in range(columns):
            if rng.random() < 0.06:
                continue
            wide, tall = width - gap, height - gap
            own = rng.choice(_ASPECTS) if loose and aspect is None else aspect
            if own is not None:
                wide, tall = min(wide, tall * own), min(tall, wide / own)
            share = rng.uniform(0.75, 1) if loose else 1.0
            free = np.asarray((width - wide * share, height - tall * share)) / 2 * loose
            x, y = (
                np.asarray((left + (column + 0.5) * width, top + (row + 0.5) * height))
                + rng.uniform(-1, 1, 2) * free
            )
            turned = _around((x, y), size, tilt)
            place = Place(*turned, wide * share, tall * share, tilt + rng.normal(0, spread))
            found += [place] if _fits(place, found, size, 0.004) else []
    return found or _scattered(size, 1, rng)


def _around(at: tuple[float, float], size: tuple[int, int], degrees: float) -> tuple[float, float]:
    x, y = at[0] - size[1] / 2, at[1] - size[0] / 2
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return float(size[1] / 2 + x * cos - y * sin), float(size[0] / 2 + x * sin + y * cos)


def _scattered(size: tuple[int, int], wanted: int, rng: Rng) -> list[Place]:
    """Lay prints where there is room; some touch another one with a corner or along a side."""
    tilt = rng.normal(0, 5) * (rng.random() < 0.4)
    spread = rng.choice((0.3, 1.0, 4.0, 9.0), p=(0.2, 0.3, 0.3, 0.2))
    touches, found = rng.choice((0.0, 0.2, 0.7)), list[Place]()
    for _ in range(_TRIES * wanted):
        if len(found) == wanted:
            break
        side = SIDE * rng.uniform(0.3, 0.85) / wanted**0.5
        aspect = float(rng.choice(_ASPECTS))
        angle = float(np.clip(tilt + rng.normal(0, spread), -MOST_TILT, MOST_TILT))
        x, y = rng.uniform((0, 0), (size[1], size[0]))
        place = Place(x, y, side * aspect**0.5, side / aspect**0.5, angle)
        if found and rng.random() < touches:
            place = _beside(place, found[int(rng.integers(len(found)))], rng)
        found += [place] if _fits(place, found, size, 0.0) else []
    return found or [Place(size[1] / 2, size[0] / 2, size[1] * 0.6, size[0] * 0.6, 0.0)]


def _beside(place: Place, other: Place, rng: Rng) -> Place:
    """Move a print against another one: corner to corner, or side to side with hardly a gap."""
    gap = float(rng.choice((0.3, 1.0, 2.0, 4.0)))
    if rng.random() < 0.4:
        number = int(rng.integers(4))
        own = place.corners[(number + 2) % 4] - (place.x, place.y)
        away = other.corners[number] - (other.x, other.y)
        x, y = other.corners[number] - own + away / np.linalg.norm(away) * gap
        return Place(float(x), float(y), place.width, place.height, place.angle)
    angle = other.angle + float(rng.choice((0.0, rng.normal(0, 0.6))))
    turn, way = np.deg2rad(other.angle), int(rng.integers(4))
    ways = ((1, 0), (0, 1), (-1, 0), (0, -1))[way]
    far = (place.width + other.width if way % 2 == 0 else place.height + other.height) / 2 + gap
    lean = abs(np.sin(np.deg2rad(angle - other.angle))) * (place.height if way % 2 == 0 else place.width) / 2
    along = rng.uniform(-0.5, 0.5) * (other.height if way % 2 == 0 else other.width) * rng.integers(2)
    step = np.asarray(ways) * (far + lean) + np.asarray(ways[::-1]) * along
    x = other.x + step[0] * np.cos(turn) - step[1] * np.sin(turn)
    y = other.y + step[0] * np.sin(turn) + step[1] * np.cos(turn)
    return Place(float(x), float(y), place.width, place.height, angle)


def _fits(place: Place, others: list[Place], size: tuple[int, int], shared: float) -> bool:
    corners = place.corners
    if not ((corners >= 1).all() and (corners <= np.asarray(size[::-1]) - 1).all()):
        return False
    if min(place.width, place.height) < 0.03 * SIDE or abs(place.angle) > MOST_TILT:
        return False
    area = place.width * place.height
    return all(cv2.intersectConvexConvex(corners, other.corners)[0] <= shared * area for other in others)
