"""Sheets of album paper, light and dark, with the textures and the light of a scan."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

_LIGHT = ((244, 240, 230), (250, 250, 250), (228, 222, 205), (235, 235, 238), (214, 200, 170))
_MIDDLE = ((168, 140, 105), (150, 150, 150), (120, 130, 120))
_DARK = ((28, 28, 30), (45, 42, 40), (60, 62, 66), (34, 46, 38), (66, 48, 36))


def sheet(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Return a sheet (H, W, 3), RGB 0..255."""
    tones = (_LIGHT, _MIDDLE, _DARK)[rng.choice(3, p=(0.45, 0.15, 0.4))]
    base = np.asarray(tones[rng.integers(len(tones))], np.float32) + rng.normal(0, 3, 3)
    page = np.broadcast_to(base.astype(np.float32), (*size, 3)) + _texture(size, rng)[..., None]
    return np.asarray(page * _lamp(size, rng)[..., None], np.float32)


def _texture(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Return fibres, clouds and on some sheets a linen weave, in levels."""
    strength = rng.uniform(0.5, 3.5)
    grain = _noise(size, 1, rng) * 0.6 + _noise(size, 3, rng) + _noise(size, 40, rng) * 0.8
    if rng.random() < 0.25:
        rows, columns = np.arange(size[0])[:, None], np.arange(size[1])[None]
        pitch = rng.uniform(4, 9)
        grain = grain + np.sin(rows * 2 * np.pi / pitch) * np.sin(columns * 2 * np.pi / pitch)
    return np.asarray(grain * strength, np.float32)


def _noise(size: tuple[int, int], grain: int, rng: np.random.Generator) -> Picture:
    small = rng.normal(0, 1, (size[0] // grain + 2, size[1] // grain + 2)).astype(np.float32)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _lamp(size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Return uneven light: a slope over the page, and on some pages the shadow of a book's fold."""
    across, down = np.linspace(-1, 1, size[1])[None], np.linspace(-1, 1, size[0])[:, None]
    light = 1 + rng.normal(0, 0.02) * across + rng.normal(0, 0.02) * down
    if rng.random() < 0.25:
        side = 1 if rng.random() < 0.5 else -1
        light = light - rng.uniform(0.1, 0.4) * np.exp(-(1 - side * across) / rng.uniform(0.04, 0.12))
    return np.asarray(light, np.float32)
