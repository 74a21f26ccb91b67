"""Album pages made from photographs, with the frames that a finder has to give back."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .paper import sheet
from .prints import Print, printed

Picture = NDArray[np.float32]
Corners = NDArray[np.float32]
"""(4, 2): x and y of the corners of a print, around it."""

_LONG = 1200
_DARK = 110  # levels
_LIKE = 12  # levels: a print as light as its paper is seen by its shadow alone
_AROUND = 24  # pixels: the reach of a shadow
_FACES = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
_WORDS = (
    "Summer 1931",
    "Mother and Kate",
    "at the lake",
    "Xmas",
    "Our first car",
    "Uncle Joe, 1944",
    "Paris",
)


@dataclass(frozen=True)
class Page:
    """A page (H, W, 3), uint8 RGB, and the corners of its prints."""

    picture: NDArray[np.uint8]
    prints: list[Corners]


@dataclass(frozen=True)
class _Place:
    middle: NDArray[np.float64]
    size: tuple[int, int]
    angle: float

    @property
    def corners(self) -> Corners:
        height, width = self.size
        box = ((float(self.middle[0]), float(self.middle[1])), (width, height), self.angle)
        return np.asarray(cv2.boxPoints(box), np.float32)


def make_page(draw: Callable[[], NDArray[np.uint8]], rng: np.random.Generator) -> Page:
    """Lay photographs, each from a call of `draw`, on a sheet of paper."""
    short = round(_LONG * rng.uniform(0.65, 0.95))
    size = (_LONG, short) if rng.random() < 0.5 else (short, _LONG)
    page = sheet(size, rng)
    places = _places(size, rng)
    for place in places:
        page = _laid(page, printed(draw(), place.size, rng), place, rng)
    _write(page, places, rng)
    return Page(_scanned(page, rng), [place.corners for place in places])


def _places(size: tuple[int, int], rng: np.random.Generator) -> list[_Place]:
    """Draw places that do not overlap; some prints touch their neighbour with a corner."""
    wanted, tilt = int(rng.integers(1, 10)), rng.normal(0, 5) * (rng.random() < 0.4)
    spread = (0.8, 3.0, 7.0)[rng.choice(3, p=(0.4, 0.4, 0.2))]
    places: list[_Place] = []
    for _ in range(60 * wanted):
        if len(places) == wanted:
            break
        side = _LONG * rng.uniform(0.35, 0.62) / max(1.0, wanted**0.5) * 1.25
        aspect = rng.choice((1.0, 4 / 3, 3 / 2, 3 / 4, 2 / 3))
        shape = round(side / aspect**0.5), round(side * aspect**0.5)
        angle = float(np.clip(tilt + rng.normal(0, spread), -15, 15))
        place = _Place(rng.uniform((0, 0), (size[1], size[0])), shape, angle)
        if places and rng.random() < 0.15:
            place = _touching(place, places[int(rng.integers(len(places)))], rng)
        if _fits(place, places, size):
            places.append(place)
    return places or [_Place(np.asarray(size[::-1]) / 2, (size[0] // 2, size[1] // 2), 0.0)]


def _touching(place: _Place, other: _Place, rng: np.random.Generator) -> _Place:
    """Move a print so that a corner of it meets a corner of the other one, outside of it."""
    number = int(rng.integers(4))
    target, own = other.corners[number], place.corners[(number + 2) % 4] - place.middle
    away = (target - other.middle) / np.linalg.norm(target - other.middle)
    return _Place(target - own + away, place.size, place.angle)


def _fits(place: _Place, others: list[_Place], size: tuple[int, int]) -> bool:
    corners, margin = place.corners, 12
    inside = (corners >= margin).all() and (corners <= np.asarray(size[::-1]) - margin).all()
    if not inside:
        return False
    return all(cv2.intersectConvexConvex(corners, other.corners)[0] <= 0 for other in others)


def _laid(page: Picture, made: Print, place: _Place, rng: np.random.Generator) -> Picture:
    """Lay a print on the page, in place; only the part of the page around it is touched."""
    height, width = place.size
    low = np.maximum(np.floor(place.corners.min(axis=0)).astype(int) - _AROUND, 0)
    high = np.ceil(place.corners.max(axis=0)).astype(int) + _AROUND
    part = page[low[1] : high[1], low[0] : high[0]]
    target = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -place.angle, 1)
    target[:, 2] += place.middle - (width / 2, height / 2) - low
    size = part.shape[1], part.shape[0]
    cover = np.asarray(cv2.warpAffine(made.cover, target, size, flags=cv2.INTER_LINEAR), np.float32)
    lying = cv2.warpAffine(
        made.picture, target, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    hard_to_see = abs(float(np.median(made.picture[0])) - float(np.median(part[0]))) < _LIKE
    if hard_to_see or rng.random() < 0.6:
        part *= _shadow(cover, rng, 0.3 if hard_to_see else 0.1)[..., None]
    part += (lying - part) * cover[..., None]
    if rng.random() < 0.2:
        _fix_corners(page, place, rng)
    return page


def _shadow(cover: Picture, rng: np.random.Generator, least: float) -> Picture:
    shift = np.asarray([[1, 0, rng.uniform(-4, 4)], [0, 1, rng.uniform(0, 5)]], np.float32)
    moved = cv2.warpAffine(cover, shift, cover.shape[::-1])
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(1.5, 5))
    return np.asarray(1 - rng.uniform(least, 0.5) * soft, np.float32)


def _fix_corners(page: Picture, place: _Place, rng: np.random.Generator) -> None:
    """Lay the paper corners that hold a print over it."""
    side, tone = 0.09 * min(place.size), float(rng.choice((20, 60, 235)))
    for corner in place.corners:
        ways = [other - corner for other in place.corners if np.abs(other - corner).sum() > 1]
        ways = sorted(ways, key=lambda way: float(np.linalg.norm(way)))[:2]
        tips = [corner + way / np.linalg.norm(way) * side for way in ways]
        cv2.fillConvexPoly(page, np.rint([corner, *tips]).astype(np.int32), (tone,) * 3, cv2.LINE_AA)


def _write(page: Picture, places: list[_Place], rng: np.random.Generator) -> None:
    """Write captions below some prints, in ink that the paper shows."""
    outlines = [np.rint(place.corners).astype(np.int32) for place in places]
    taken = np.zeros(page.shape[:2], np.uint8)
    cv2.fillPoly(taken, outlines, 1) if outlines else None
    for place in places:
        if rng.random() < 0.5:
            continue
        text, face = str(rng.choice(_WORDS)), int(rng.choice(_FACES))
        scale = rng.uniform(0.6, 1.2)
        (width, height), _ = cv2.getTextSize(text, face, scale, 2)
        x = int(place.middle[0] - width / 2)
        y = int(place.corners[:, 1].max() + height + rng.uniform(4, 20))
        there = taken[max(y - height, 0) : y + 10, max(x, 0) : x + width]
        if x > 0 and y + 10 < len(page) and x + width < page.shape[1] and not there.any():
            _put(page, text, (x, y), face, scale, rng)


def _put(
    page: Picture, text: str, at: tuple[int, int], face: int, scale: float, rng: np.random.Generator
) -> None:
    """Write in white on dark paper, in black or blue ink on other."""
    x, y = at
    tone = float(np.median(page[:4]))
    ink = (235.0,) * 3 if tone < _DARK else tuple(float(level) for level in rng.uniform(20, 90, 3))
    part = page[max(y - 60, 0) : y + 30]
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.putText(mask, text, (x, min(y, 60)), face, scale, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    part += (np.asarray(ink, np.float32) - part) * (mask[..., None] / np.float32(255))


def _scanned(page: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur and grain of a scanner, and a JPEG's rounding."""
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.5, 1.0)), np.float32)
    grain = rng.standard_normal(page.shape[:2], np.float32) * np.float32(rng.uniform(0.3, 1.5))
    page = page + grain[..., None]
    if rng.random() < 0.4:
        page = np.repeat((page @ np.asarray((0.299, 0.587, 0.114), np.float32))[..., None], 3, axis=2)
    picture = np.clip(np.rint(page), 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 96))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
