"""Prints of every kind: grey, tinted, colour, faded, bordered, deckled, rounded, oval, torn."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .additions import put, words
from .scenes import Draw, build, hang, set_windows
from .sheets import Picture, Rng, grain

_LIKE = 12.0  # levels between a border and its paper
_LIGHT = 185  # levels
_SHOWS = 40  # pixels: smaller prints show no details


@dataclass(frozen=True)
class Print:
    """A print and where it is: `picture` (H, W, 3), RGB 0..255; `cover` (H, W), 0..1."""

    picture: Picture
    cover: Picture


def printed(draw: Draw, size: tuple[int, int], rng: Rng, paper: Picture) -> Print:
    """Return a photograph, from a call of `draw`, as a print of this height and width on paper of this tone (3)."""
    # On light paper white borders are hardest to see.
    borders = _borders(size, rng) if rng.random() < (0.6 if paper.mean() > _LIGHT else 0.45) else (0, 0, 0, 0)
    top, right, bottom, left = borders
    picture = exposed(draw(), (size[0] - top - bottom, size[1] - left - right), rng)
    if rng.random() < 0.12:
        _show(picture, draw, rng)
    if any(borders):
        picture = _bordered(picture, borders, rng, paper)
    picture = _lit(picture, rng)
    cover = _shaped(np.ones(size, np.float32), min(borders), rng)
    alike = bool(np.abs(np.median(picture[0], axis=0) - paper).max() < _LIKE)
    if rng.random() < (0.4 if alike else 0.15):  # the cut edge of the card
        tone, line = np.float32(rng.choice((30, 120, 200, 250))), np.zeros(size, np.uint8)
        cv2.rectangle(line, (0, 0), (size[1] - 1, size[0] - 1), 1, 1)
        share = np.float32(rng.uniform(0.1, 0.5))
        picture = np.where(line[..., None] > 0, picture + (tone - picture) * share, picture)
    return Print(np.asarray(picture, np.float32), cover)


def _show(picture: Picture, draw: Draw, rng: Rng) -> None:
    """Let a print show what has straight edges itself."""
    if min(picture.shape[:2]) < _SHOWS:
        return
    kind = rng.random()
    if kind < 0.5:
        hang(picture, lambda size: exposed(draw(), size, rng), rng)
    elif kind < 0.75:
        set_windows(picture, rng)
    else:
        build(picture, rng)


def exposed(photo: NDArray[np.uint8], size: tuple[int, int], rng: Rng) -> Picture:
    """Return a part of a photograph, enlarged to a size, in one of the tones that prints have, 0..255."""
    height, width = photo.shape[:2]
    scale = max(size[0] / height, size[1] / width) * rng.uniform(1, 1.4)
    rows, columns = (
        max(2, min(most, round(side / scale))) for most, side in ((height, size[0]), (width, size[1]))
    )
    top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    part = photo[top : top + rows, left : left + columns]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    way = cv2.INTER_AREA if size[0] < rows else cv2.INTER_CUBIC
    picture = cv2.resize(np.ascontiguousarray(part), size[::-1], interpolation=way)
    return _toned(np.asarray(picture, np.uint8), rng)


def _toned(picture: NDArray[np.uint8], rng: Rng) -> Picture:
    kind = rng.random()
    if kind < 0.75:
        picture = np.asarray(cv2.merge([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)] * 3), np.uint8)
    light = (np.arange(256) / 255)[:, None] ** np.exp(rng.normal(0, 0.35))
    low, high = rng.uniform(0, 60) * rng.uniform(0.8, 1.2, 3), rng.uniform(185, 255) * np.ones(3)
    if 0.3 < kind < 0.75:  # sepia, selenium, blue prints
        high = high * rng.choice(((1, 0.95, 0.8), (1, 0.9, 0.7), (0.85, 0.92, 1), (0.95, 0.9, 1)))
        low = low * rng.uniform(0.6, 1.4, 3)
    elif kind > 0.9:  # faded dyes
        low, high = low * rng.uniform(0.7, 1.8, 3), high * rng.uniform(0.8, 1, 3)
    table = (low + light * (high - low)).astype(np.float32)[None]
    toned = np.asarray(cv2.LUT(picture, table), np.float32)
    toned += grain(picture.shape[:2], rng)[..., None] * np.float32(rng.uniform(0, 4))
    if rng.random() < 0.08:
        toned = _faded_out(toned, rng)
    return np.asarray(np.clip(toned, 0, 255, out=toned), np.float32)


def _faded_out(picture: Picture, rng: Rng) -> Picture:
    """Fade the picture out towards its rim, to white or black, as old portraits do."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in picture.shape[:2])
    far = np.hypot(y[:, None], x[None])
    begins = np.float32(rng.uniform(0.5, 0.9))
    share = np.clip((far - begins) / np.float32(rng.uniform(0.1, 0.5)), 0, 1)[..., None]
    return np.asarray(picture + (np.float32(rng.choice((15, 235, 250))) - picture) * share, np.float32)


def _borders(size: tuple[int, int], rng: Rng) -> tuple[int, int, int, int]:
    """Return the pixels of the border above, right, below and left."""
    wide = max(1, round(min(size) * np.exp(rng.uniform(np.log(0.012), np.log(0.12)))))
    kind = rng.random()
    if kind < 0.68:
        return wide, wide, wide, wide
    if kind < 0.75:  # a mount of card
        wide = max(1, round(min(size) * rng.uniform(0.1, 0.2)))
        foot = round(wide * rng.choice((1.0, 1.0, 1.4)))
        return wide, wide, foot, wide
    if kind < 0.87:  # an instant picture
        thick = round(min(size) * rng.uniform(0.15, 0.28))
        return (wide, wide, thick, wide) if rng.random() < 0.8 else (wide, thick, wide, wide)
    return tuple(max(1, round(wide * rng.uniform(0.6, 1.5))) for _ in range(4))


def _bordered(picture: Picture, borders: tuple[int, int, int, int], rng: Rng, paper: Picture) -> Picture:
    top, right, bottom, left = borders
    kind = rng.random()
    if kind < 0.62:
        card = rng.uniform(215, 254) * np.asarray((1, rng.uniform(0.96, 1), rng.uniform(0.85, 1)))
    elif kind < 0.88:  # hardly another tone than the paper's
        card = paper + rng.normal(0, 6) + rng.normal(0, 1.5, 3)
    else:
        card = rng.uniform(5, 220) * rng.uniform(0.8, 1.1, 3)
    size = picture.shape[0] + top + bottom, picture.shape[1] + left + right
    fine = grain(size, rng)[..., None] * np.float32(rng.uniform(0, 2))
    made = np.asarray(np.clip(card, 0, 255).astype(np.float32) + fine, np.float32)
    rows, columns = slice(top, size[0] - bottom), slice(left, size[1] - right)
    made[rows, columns] = picture
    if rng.random() < 0.2:
        tone = (float(rng.uniform(0, 200)),) * 3
        cv2.rectangle(made, (left, top), (columns.stop - 1, rows.stop - 1), tone, 1)
    if bottom > 12 and rng.random() < 0.3:
        at = left + int(rng.uniform(0, 0.4) * picture.shape[1]), size[0] - bottom // 3
        put(made, words(rng, 9), at, int(rng.integers(0, 8)), 0.012 * bottom + 0.2, (60.0,) * 3, 1)
    return made


def _lit(picture: Picture, rng: Rng) -> Picture:
    """Light a curled or glossy print unevenly."""
    if rng.random() < 0.6:
        return picture
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in picture.shape[:2])
    slope = np.float32(rng.normal(0, 0.05)) * x[None] + np.float32(rng.normal(0, 0.05)) * y[:, None]
    return np.asarray(np.clip(picture * (1 + slope[..., None]), 0, 255), np.float32)


def _shaped(cover: Picture, border: int, rng: Rng) -> Picture:
    kind, (height, width) = rng.random(), cover.shape
    if kind < 0.1 and border >= 2:
        return _deckled(cover, min(max(border * 0.6, 1.0), 0.014 * min(cover.shape) + 1), rng)
    if kind < 0.2:
        radius = max(1, round(min(cover.shape) * rng.uniform(0.01, 0.1)))
        made = np.zeros_like(cover)
        cv2.rectangle(made, (radius, 0), (width - 1 - radius, height - 1), 1.0, -1)
        cv2.rectangle(made, (0, radius), (width - 1, height - 1 - radius), 1.0, -1)
        for x in (radius, width - 1 - radius):
            for y in (radius, height - 1 - radius):
                cv2.circle(made, (x, y), radius, 1.0, -1, cv2.LINE_AA)
        return made
    if kind < 0.225:
        made = np.zeros_like(cover)
        cv2.ellipse(
            made, (width // 2, height // 2), (width // 2, height // 2), 0, 0, 360, 1.0, -1, cv2.LINE_AA
        )
        return made
    return _torn(cover, rng) if kind < 0.25 else cover


def _torn(cover: Picture, rng: Rng) -> Picture:
    height, width = cover.shape
    depth = rng.uniform(0.03, 0.12) * min(cover.shape)
    corner = np.asarray(((0, 0), (depth, 0), (depth * 0.6, depth * 0.5), (0, depth * rng.uniform(0.5, 1.5))))
    if rng.random() < 0.5:
        corner[:, 0] = width - 1 - corner[:, 0]
    if rng.random() < 0.5:
        corner[:, 1] = height - 1 - corner[:, 1]
    cv2.fillPoly(cover, [np.rint(corner).astype(np.int32)], 0.0, cv2.LINE_AA)
    return cover


def _deckled(cover: Picture, depth: float, rng: Rng) -> Picture:
    """Bite into the edges, in even or uneven teeth."""
    height, width = cover.shape
    pitch, uneven = max(3.0, depth * rng.uniform(1.2, 5)), rng.random() < 0.5
    rows, columns = np.arange(height), np.arange(width)
    for turned, places, far in ((cover, rows, columns), (cover.T, columns, rows)):
        for flipped in (turned, turned[:, ::-1]):
            wave = 0.5 + 0.5 * np.sin(2 * np.pi * places / pitch + rng.uniform(0, 6))
            if uneven:
                wave = np.interp(places / pitch, np.arange(len(places)), rng.random(len(places)))
            flipped[far[None] < depth * wave[:, None]] = 0
    return cover
