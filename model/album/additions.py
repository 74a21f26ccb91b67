"""What else is on a page: paper corners, tape, glue, staples, captions, drawn frames, and torn scraps."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import Picture, Rng

Corners = NDArray[np.float32]
_LETTERS = "abcdefghiklmnoprstuvwy ABCDEHLMPRST 0123456789 .,-'"


def fasten(page: Picture, prints: list[Corners], rng: Rng) -> None:
    """Lay corners, tape, staples or spots of glue over and under the rims of some prints."""
    kind, tone = rng.random(), rng.uniform(10, 250) * rng.uniform(0.85, 1.1, 3)
    for corners in prints:
        if rng.random() < 0.2:
            continue
        side = float(min(np.linalg.norm(corners[i] - corners[i + 1]) for i in (0, 1)))
        if kind < 0.6:
            _paper_corners(page, corners, float(side * rng.uniform(0.05, 0.14)), tone, rng)
        elif kind < 0.85:
            _tape(page, corners, side, rng)
        else:
            for _ in range(int(rng.integers(1, 4))):
                at = corners[int(rng.integers(4))] + rng.normal(0, 6, 2)
                color = tuple(float(v) for v in tone)
                cv2.circle(
                    page, np.rint(at).astype(int).tolist(), int(rng.integers(1, 5)), color, -1, cv2.LINE_AA
                )


def _paper_corners(page: Picture, corners: Corners, side: float, tone: NDArray[np.float64], rng: Rng) -> None:
    opaque, out = rng.choice((1.0, 0.35)), rng.uniform(0, 0.2)
    middle = corners.mean(axis=0)
    for i, corner in enumerate(corners):
        ways = [corners[(i + by) % 4] - corner for by in (-1, 1)]
        outer = corner + (corner - middle) / np.linalg.norm(corner - middle) * side * out
        tips = [outer + way / np.linalg.norm(way) * side for way in ways]
        _stick(page, np.asarray([outer, *tips]), tone, float(opaque))


def _tape(page: Picture, corners: Corners, side: float, rng: Rng) -> None:
    tone, share = rng.uniform((190, 170, 100), (255, 250, 230)), rng.uniform(0.15, 0.9)
    for i in rng.permutation(4)[: int(rng.integers(1, 4))]:
        start, end = corners[i], corners[(i + 1) % 4]
        at = start + (end - start) * rng.uniform(0, 1)
        size = (side * rng.uniform(0.08, 0.16), side * rng.uniform(0.15, 0.35))
        box = cv2.boxPoints((tuple(at.tolist()), size, float(rng.uniform(0, 180))))
        _stick(page, np.asarray(box), tone, share)


def _stick(page: Picture, outline: NDArray[np.floating], tone: NDArray[np.float64], opaque: float) -> None:
    """Lay a piece with an outline (n, 2) on the page, in place; only the part around it is touched."""
    low = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 1, 0)
    high = np.maximum(np.ceil(outline.max(axis=0)).astype(int) + 2, 0)
    part = page[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return
    cover = np.zeros(part.shape[:2], np.float32)
    cv2.fillConvexPoly(cover, np.rint(outline - low).astype(np.int32), opaque, cv2.LINE_AA)
    part += (tone.astype(np.float32) - part) * cover[..., None]


def write(page: Picture, prints: list[Corners], rng: Rng) -> None:
    """Write captions beside and now and then on prints, and titles."""
    light = float(np.median(page[:6])) < 110
    ink = tuple(float(v) for v in (rng.uniform(170, 250, 3) if light else rng.uniform(10, 110, 3)))
    face, scale = int(rng.integers(0, 8)), rng.uniform(0.3, 0.9)
    for corners in prints:
        if rng.random() < 0.4:
            continue
        text = words(rng, int(rng.integers(3, 22)))
        (width, height), _ = cv2.getTextSize(text, face, scale, 1)
        x = float(corners[:, 0].mean()) - width / 2 + rng.normal(0, 10)
        low, high = (
            corners[:, 1].max() + height + rng.uniform(0, 14),
            corners[:, 1].min() - rng.uniform(2, 12),
        )
        y = low if rng.random() < 0.75 else high
        if not any(
            cv2.pointPolygonTest(other, (x + share * width, y - height / 2), False) > 0
            for other in prints
            for share in (0, 0.5, 1)
        ):
            put(page, text, (x, y), face, scale, ink, int(rng.integers(1, 3)))
            if y == low and rng.random() < 0.25:
                put(page, words(rng, len(text)), (x, y + 1.4 * height), face, scale, ink, 1)
    if rng.random() < 0.15:
        at = rng.uniform(0.05, 0.6) * page.shape[1], rng.uniform(20, 50)
        if not any(
            cv2.pointPolygonTest(other, (at[0] + by, at[1]), False) > -10
            for other in prints
            for by in (0, 60, 120)
        ):
            put(page, words(rng, 14), at, face, scale * 1.6, ink, 2)


def scribble(page: Picture, prints: list[Corners], rng: Rng) -> None:
    """Draw frames around prints, stick scraps of paper and stamps beside them."""
    tone = tuple(float(v) for v in rng.uniform(20, 240, 3))
    if rng.random() < 0.6:
        for corners in prints:
            middle, far = corners.mean(axis=0), 1 + rng.uniform(0.03, 0.1)
            outer = np.rint(middle + (corners - middle) * far).astype(np.int32)
            cv2.polylines(page, [outer], True, tone, int(rng.integers(1, 3)), cv2.LINE_AA)
        return
    for _ in range(int(rng.integers(1, 4))):
        at, size = rng.uniform(0, 1, 2) * page.shape[1::-1], rng.uniform(8, 26, 2)
        box = np.asarray(cv2.boxPoints((tuple(at.tolist()), tuple(size.tolist()), float(rng.uniform(0, 90)))))
        if all(cv2.intersectConvexConvex(box, corners)[0] <= 0 for corners in prints):
            cv2.fillConvexPoly(page, np.rint(box).astype(np.int32), tone, cv2.LINE_AA)


def words(rng: Rng, count: int) -> str:
    """Return so many letters."""
    return "".join(_LETTERS[int(i)] for i in rng.integers(0, len(_LETTERS), count))


def put(
    page: Picture,
    text: str,
    at: tuple[float, float],
    face: int,
    scale: float,
    ink: tuple[float, ...],
    thick: int,
) -> None:
    """Write a line of text with its lower left corner at a place (x, y), in place."""
    x, y = round(at[0]), round(at[1])
    top = max(y - round(40 * scale) - 4, 0)
    part = page[top : max(y + round(16 * scale) + 4, 0)]
    if not part.size:
        return
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.putText(mask, text, (x, y - top), face, scale, 255, thick, cv2.LINE_AA)
    part += (np.asarray(ink, np.float32) - part) * (mask[..., None] / np.float32(255))
