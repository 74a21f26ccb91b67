"""Prints as they lie in albums: grey, sepia or colour, faded, with white borders, deckled edges and rounded corners."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
_SEPIA = np.asarray((1.06, 0.98, 0.82), np.float32)


@dataclass(frozen=True)
class Print:
    """A print and where it is: `picture` (H, W, 3), RGB 0..255; `cover` (H, W), 0..1."""

    picture: Picture
    cover: Picture


def printed(photo: NDArray[np.uint8], size: tuple[int, int], rng: np.random.Generator) -> Print:
    """Return a photograph (h, w, 3) as a print of this height and width."""
    border = _border(size, rng)
    inner = size[0] - 2 * border, size[1] - 2 * border
    picture = _toned(_cropped(photo, inner), rng)
    if border:
        card = np.asarray(rng.uniform((228, 224, 208), (252, 250, 246)), np.float32)
        sheet = np.broadcast_to(card, (*size, 3)).copy() + rng.normal(0, 1.0, (*size, 1)).astype(np.float32)
        sheet[border:-border, border:-border] = picture
        picture = sheet.astype(np.float32)
    cover = np.ones(size, np.float32)
    if border and rng.random() < 0.25:
        cover = _deckled(cover, min(border * 0.5, 0.012 * min(size)), rng)
    return Print(picture, cover)


def _border(size: tuple[int, int], rng: np.random.Generator) -> int:
    return round(min(size) * rng.uniform(0.025, 0.08)) if rng.random() < 0.45 else 0


def _cropped(photo: NDArray[np.uint8], size: tuple[int, int]) -> Picture:
    """Cut the middle to the aspect of `size` and enlarge it."""
    height, width = photo.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    rows, columns = min(height, round(size[0] / scale)), min(width, round(size[1] / scale))
    top, left = (height - rows) // 2, (width - columns) // 2
    part = photo[top : top + rows, left : left + columns].astype(np.float32)
    return np.asarray(cv2.resize(part, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _toned(picture: Picture, rng: np.random.Generator) -> Picture:
    kind = rng.random()
    if kind < 0.8:
        grey = picture @ np.asarray((0.299, 0.587, 0.114), np.float32)
        picture = np.repeat(grey[..., None], 3, axis=2)
        picture = picture * _SEPIA if kind < 0.35 else picture
    low, high = rng.uniform(0, 50), rng.uniform(200, 255)
    grain = rng.normal(0, rng.uniform(0.5, 3), picture.shape[:2]).astype(np.float32)
    return np.asarray(np.clip(low + picture * ((high - low) / 255) + grain[..., None], 0, 255), np.float32)


def _deckled(cover: Picture, depth: float, rng: np.random.Generator) -> Picture:
    """Bite into the edges, a tooth every few pixels."""
    height, width = cover.shape
    pitch = max(4.0, depth * rng.uniform(1.5, 3))
    rows, columns = np.arange(height), np.arange(width)
    wave_down, wave_across = (
        depth * (0.5 + 0.5 * np.sin(2 * np.pi * places / pitch)) for places in (rows, columns)
    )
    cover = cover.copy()
    cover[columns[None] < wave_down[:, None]] = 0
    cover[(width - 1 - columns)[None] < wave_down[:, None]] = 0
    cover[rows[:, None] < wave_across[None]] = 0
    cover[(height - 1 - rows)[:, None] < wave_across[None]] = 0
    return cover
