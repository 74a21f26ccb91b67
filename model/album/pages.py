"""Album pages drawn from photographs, with where each print lies."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .additions import fasten, scribble, write
from .places import Place, drawn_places, drawn_size
from .prints import Print, printed
from .scenes import Draw
from .sheets import Picture, Rng, bind, cover_with_foil, grain, sheet, with_lid

_AROUND = 22  # pixels: the reach of a shadow
_LIKE, _SAME = 12.0, 5.0  # levels between a print's rim and its paper


@dataclass(frozen=True)
class Drawn:
    """A picture (H, W, 3), uint8 RGB, and the prints on it; a single photograph has none."""

    picture: NDArray[np.uint8]
    places: list[Place]


def make_page(draw: Draw, rng: Rng) -> Drawn:
    """Lay photographs, each from a call of `draw`, on a sheet."""
    size = drawn_size(0.6, rng)
    page = sheet(size, rng)
    if rng.random() < 0.12:
        bind(page, rng)
    if rng.random() < 0.25:
        page = with_lid(page, rng)
    places = [_whole(place) for place in drawn_places(size, rng)]
    alike, (_, kind) = rng.random(), (rng.random(), rng.integers(1 << 30))
    for place in places:
        # Prints of one page are often of one kind.
        own = np.random.default_rng(kind) if alike < 0.3 else rng
        _lay(page, draw, place, own)
    if rng.random() < 0.5:
        fasten(page, [place.corners for place in places], rng)
    if rng.random() < 0.5:
        write(page, [place.corners for place in places], rng)
    if rng.random() < 0.1:
        scribble(page, [place.corners for place in places], rng)
    if rng.random() < 0.1:
        cover_with_foil(page, rng)
    return Drawn(scanned(page, rng), places)


def _whole(place: Place) -> Place:
    """Return a place of whole pixels: a print is drawn so before it is turned, and is to be found as it is drawn."""
    return replace(place, width=float(max(4, round(place.width))), height=float(max(4, round(place.height))))


def scanned(page: Picture, rng: Rng) -> NDArray[np.uint8]:
    """Add a scanner's blur, grain and colour cast, and a JPEG's rounding."""
    if rng.random() < 0.7:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.3, 1.1)), np.float32)
    fine = grain(page.shape[:2], rng) * np.float32(rng.uniform(0, 2.5))
    page = page * rng.uniform(0.94, 1.04, 3).astype(np.float32) + fine[..., None]
    if rng.random() < 0.4:
        page = np.asarray(cv2.merge([cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)] * 3), np.float32)
    picture = np.clip(np.rint(page), 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 98))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _lay(page: Picture, draw: Draw, place: Place, own: Rng) -> None:
    """Lay a print on the page, in place."""
    size = int(place.height), int(place.width)
    low = np.maximum(np.floor(place.corners.min(axis=0)).astype(int) - _AROUND, 0)
    high = np.ceil(place.corners.max(axis=0)).astype(int) + _AROUND
    part = page[low[1] : high[1], low[0] : high[0]]
    tone = np.median(np.concatenate([part[:3].reshape(-1, 3), part[-3:].reshape(-1, 3)]), axis=0)
    made: Print = printed(draw, size, own, np.asarray(tone, np.float32))
    target = cv2.getRotationMatrix2D((size[1] / 2 - 0.5, size[0] / 2 - 0.5), -place.angle, 1)
    target[:, 2] += np.asarray((place.x, place.y)) - (size[1] / 2, size[0] / 2) - low
    shape = part.shape[1], part.shape[0]
    cover = np.asarray(cv2.warpAffine(made.cover, target, shape, flags=cv2.INTER_LINEAR), np.float32)
    lying = cv2.warpAffine(
        made.picture, target, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    rim = np.median(
        np.concatenate([made.picture[0], made.picture[-1], made.picture[:, 0], made.picture[:, -1]]), axis=0
    )
    # Where neither a tone nor a shadow shows an edge, nobody could find it.
    apart = float(np.abs(rim - tone).max())
    bare = 0.4 if apart > _LIKE else 0.3 if apart > _SAME else 0.0
    if own.random() >= bare:
        part *= _shadow(cover, own, 0.03 if apart > _LIKE else 0.1)[..., None]
    part += (np.asarray(lying) - part) * cover[..., None]


def _shadow(cover: Picture, rng: Rng, least: float) -> Picture:
    reach = rng.choice((1.0, 3.0, 6.0))
    shift = np.asarray([[1, 0, rng.normal(0, reach)], [0, 1, rng.normal(0, reach)]], np.float32)
    moved = cv2.warpAffine(cover, np.clip(shift, -8, 8), cover.shape[::-1])
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.6, 5))
    return np.asarray(1 - rng.uniform(least, 0.55) * soft, np.float32)
