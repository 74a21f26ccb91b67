"""What prints lie on: paper of every tone and texture in uneven light, and the scanner's lid around it."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rng = np.random.Generator
_MOST_STAINS = 6
_BANK = 1400  # pixels


def sheet(size: tuple[int, int], rng: Rng) -> Picture:
    """Return a sheet (H, W, 3), RGB 0..255."""
    page = np.broadcast_to(_tone(rng), (*size, 3)).astype(np.float32)
    page = page + _texture(size, rng)[..., None] * rng.uniform(0.7, 1.3, 3).astype(np.float32)
    if rng.random() < 0.2:
        _stain(page, rng)
    if rng.random() < 0.08:
        _rule(page, rng)
    return np.asarray(np.clip(page * _light(size, rng)[..., None], 0, 255), np.float32)


@cache
def _bank() -> Picture:
    return np.random.default_rng(1).standard_normal((_BANK, _BANK), np.float32)


def grain(size: tuple[int, int], rng: Rng) -> Picture:
    """Return noise (H, W) of deviation 1: a part of what is drawn once, for drawing it anew takes long."""
    if max(size) > _BANK:
        return rng.standard_normal(size, np.float32)
    top, left = (int(rng.integers(_BANK - side + 1)) for side in size)
    part = _bank()[top : top + size[0], left : left + size[1]]
    return part[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]


def noise(size: tuple[int, int], each: float, rng: Rng) -> Picture:
    """Return smooth noise (H, W) of deviation 1, of so many pixels a grain."""
    if each <= 1:
        return grain(size, rng)
    small = grain((int(size[0] / each) + 2, int(size[1] / each) + 2), rng)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def with_lid(page: Picture, rng: Rng) -> Picture:
    """Show the scanner's lid, or the book's other pages, beside some of a sheet's sides."""
    height, width = page.shape[:2]
    low, high = np.zeros(2), np.asarray((width, height), float)
    for axis in (0, 1):
        low[axis] += (rng.random() < 0.5) * rng.uniform(0, 0.05) * high[axis]
        high[axis] -= (rng.random() < 0.5) * rng.uniform(0, 0.05) * high[axis]
    middle, extent = (low + high) / 2, high - low
    box = cv2.boxPoints((middle.tolist(), extent.tolist(), float(rng.normal(0, 0.4))))
    cover = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(cover, np.rint(box * 8).astype(np.int32), 1.0, cv2.LINE_AA, 3)
    lid = np.full(3, rng.choice((3, 20, 90, 150, 235, 252)), np.float32) + rng.normal(0, 4, 3)
    under = lid.astype(np.float32) + noise((height, width), 2, rng)[..., None] * np.float32(rng.uniform(0, 2))
    if rng.random() < 0.5:
        soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(2, 8))
        under = under * (1 - np.float32(rng.uniform(0.1, 0.5)) * soft)[..., None]
    return np.asarray(under + (page - under) * cover[..., None], np.float32)


def bind(page: Picture, rng: Rng) -> None:
    """Punch holes or lay rings along a side, or draw the lines of pockets across, in place."""
    height, width = page.shape[:2]
    tone = (float(rng.choice((5, 40, 130, 200, 250))),) * 3
    if rng.random() < 0.4:
        for share in np.linspace(0, 1, int(rng.integers(2, 6)))[1:-1] if rng.random() < 0.7 else (0.5,):
            cv2.line(
                page, (0, int(share * height)), (width, int(share * height)), tone, int(rng.integers(1, 4))
            )
        if rng.random() < 0.5:
            cv2.line(page, (width // 2, 0), (width // 2, height), tone, int(rng.integers(1, 4)))
        return
    count, inset, radius = int(rng.choice((2, 3, 4, 30))), int(rng.uniform(8, 28)), int(rng.integers(2, 10))
    for share in (np.arange(count) + 0.5) / count:
        at = (inset, int(share * height))
        cv2.circle(page, at, radius, tone, -1, cv2.LINE_AA)


def cover_with_foil(page: Picture, rng: Rng) -> None:
    """Lay clear foil over the page: bright bands, and fine lines where it is ribbed, in place."""
    height, width = page.shape[:2]
    turn = rng.uniform(0, np.pi)
    across = np.arange(width, dtype=np.float32)[None] * np.float32(np.cos(turn))
    along = across + np.arange(height, dtype=np.float32)[:, None] * np.float32(np.sin(turn))
    glare = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        far = (along - np.float32(rng.uniform(float(along.min()), float(along.max())))) / np.float32(
            np.exp(rng.uniform(np.log(3), np.log(90)))
        )
        glare += np.exp(-far * far) * np.float32(rng.uniform(4, 60))
    if rng.random() < 0.3:
        glare += np.sin(along * np.float32(rng.uniform(0.3, 1.2))) * np.float32(rng.uniform(0.5, 4))
    page += glare[..., None]
    np.clip(page, 0, 255, out=page)


def _tone(rng: Rng) -> NDArray[np.float32]:
    kind = rng.random()
    if kind < 0.12:
        base = np.full(3, rng.uniform(240, 255))
    elif kind < 0.42:  # white to cream and tan
        base = np.asarray((1, rng.uniform(0.94, 1.0), rng.uniform(0.78, 1.0))) * rng.uniform(195, 253)
    elif kind < 0.56:
        base = np.asarray((1, rng.uniform(0.82, 1.0), rng.uniform(0.6, 1.0))) * rng.uniform(110, 200)
    elif kind < 0.88:  # black, slate, brown, green
        base = rng.uniform(10, 80) * rng.uniform(0.75, 1.15, 3)
    else:
        base = rng.uniform(40, 240, 3)
    return np.asarray(base + rng.normal(0, 2, 3), np.float32)


def _texture(size: tuple[int, int], rng: Rng) -> Picture:
    """Return grain of several sizes, and on some sheets fibres, a weave or ribs, in levels."""
    grains = np.exp(rng.uniform(np.log(1), np.log(60), 3))
    made = sum(noise(size, each, rng) * np.float32(rng.uniform(0, 1)) for each in (1.0, *grains))
    texture = np.asarray(made, np.float32)
    rows, columns = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None]
    kind = rng.random()
    pitch, other = rng.uniform(2.5, 14, 2) * 2 * np.pi / rng.uniform(2.5, 14, 2) ** 2
    if kind < 0.12:
        texture = texture + np.sin(rows * pitch) * np.sin(columns * other) * np.float32(rng.uniform(0.5, 2))
    elif kind < 0.22:
        lean = rng.normal(0, 0.02)
        along = rows + lean * columns if rng.random() < 0.5 else columns + lean * rows
        texture = texture + np.sin(along * pitch) * np.float32(rng.uniform(0.5, 2))
    elif kind < 0.4:
        texture = texture + _fibres(size, rng) * np.float32(rng.uniform(-4, 4))
    return texture * np.float32(np.exp(rng.uniform(np.log(0.2), np.log(4.5))))


def _fibres(size: tuple[int, int], rng: Rng) -> Picture:
    canvas = np.zeros(size, np.uint8)
    for _ in range(int(rng.integers(50, 400))):
        start = rng.uniform(0, 1, 2) * size[::-1]
        end = start + rng.normal(0, rng.uniform(5, 25), 2)
        cv2.line(canvas, np.rint(start).astype(int).tolist(), np.rint(end).astype(int).tolist(), 255, 1)
    return np.asarray(canvas / np.float32(255), np.float32)


def _stain(page: Picture, rng: Rng) -> None:
    """Spots of glue, foxing and damp, and where a print once lay."""
    height, width = page.shape[:2]
    for _ in range(int(rng.integers(1, _MOST_STAINS))):
        cover = np.zeros((height, width), np.float32)
        at = tuple(int(v) for v in rng.uniform(0, 1, 2) * (width, height))
        axes = tuple(int(v) for v in np.exp(rng.uniform(np.log(3), np.log(70), 2)))
        cv2.ellipse(cover, at, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.6, 8)), np.float32)
        page += cover[..., None] * (rng.normal(0, 18) + rng.normal(0, 6, 3)).astype(np.float32)


def _rule(page: Picture, rng: Rng) -> None:
    """Lines of ink or print on the paper: ruled pages, and frames drawn around the sheet."""
    height, width = page.shape[:2]
    ink, thick = tuple(float(v) for v in rng.uniform(30, 200, 3)), int(rng.integers(1, 3))
    if rng.random() < 0.5:
        inset = int(rng.uniform(0.01, 0.05) * width)
        cv2.rectangle(page, (inset, inset), (width - inset, height - inset), ink, thick, cv2.LINE_AA)
        return
    for y in range(int(rng.integers(10, 60)), height, int(rng.integers(14, 60))):
        cv2.line(page, (0, y), (width, y), ink, 1, cv2.LINE_AA)


def _light(size: tuple[int, int], rng: Rng) -> Picture:
    """Return uneven light: slopes, clouds, a dim rim, the shadow of a fold at a side or in the middle."""
    across, down = (np.linspace(-1, 1, side, dtype=np.float32) for side in size[::-1])
    x, y = across[None], down[:, None]
    strength = rng.choice((0.01, 0.04, 0.1), p=(0.5, 0.35, 0.15))
    light = 1 + np.float32(rng.normal(0, strength)) * x + np.float32(rng.normal(0, strength)) * y
    light = light + np.float32(rng.normal(0, strength)) * (x * x + y * y)
    if rng.random() < 0.3:
        at = x - np.float32(rng.choice((-1.0, 1.0, 0.0))) + np.float32(rng.normal(0, 0.01)) * y
        if rng.random() < 0.3:
            at = y - np.float32(rng.choice((-1.0, 1.0, 0.0))) + 0 * x
        light = light * (
            1 - np.float32(rng.uniform(0.05, 0.5)) * np.exp(-np.abs(at) / np.float32(rng.uniform(0.01, 0.15)))
        )
    return np.asarray(np.broadcast_to(light, size), np.float32)
