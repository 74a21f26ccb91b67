"""Finds damage by its form alone: thin or small, far from its surroundings in light, among calm surroundings.

Openings and closings at several sizes give what is lighter or darker than all around it (top-hat, Serra 1982). How far
it must stand out goes by how much the place varies: wires, hair, grass and text are thin too, but among their like.
The baseline of the finders: it needs no weights.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...sure import Sure
from .finder import Bytes

Plane = NDArray[np.float32]
_SIZES = (3, 7, 15)
_SHRUNK = 4
_CELL = 11  # small pixels


@dataclass(frozen=True)
class ClassicalFinder:
    """Top-hats against the variation of their place.

    Attributes:
        floor: levels of 255 that damage stands out by even where nothing varies.
        company: how many times the usual top-hat of the place it must have.
        unrest: how many times the spread of the light around it.
    """

    floor: float = 8.0
    company: float = 1.5
    unrest: float = 8.0
    margin: int = 32

    def thresholds(self, strength: float) -> Sure:
        """Return how sure it must be; of all sizes alike."""
        strong = round(255 * (0.8 - 0.25 * strength))
        return Sure(round(255 * (0.6 - 0.2 * strength)), strong, strong, strong)

    def find(self, lightness: Bytes) -> Bytes:
        """Return the sureness (H, W), 0..255, of L* (H, W), 0..255."""
        lighter, darker = _top_hat(lightness), _top_hat(255 - lightness)
        # Texture stands out both ways, damage one way.
        usual = _usual(lighter) + _usual(darker)
        needed = self.floor + self.company * usual + self.unrest * _spread(lightness)
        return np.asarray(cv2.convertScaleAbs(np.maximum(lighter, darker) / needed, alpha=128), np.uint8)


def _top_hat(lightness: Bytes) -> Bytes:
    hat = np.zeros_like(lightness)
    for size in _SIZES:
        square = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
        hat = np.maximum(hat, cv2.subtract(lightness, cv2.morphologyEx(lightness, cv2.MORPH_OPEN, square)))
    return hat


def _usual(hat: Bytes) -> Plane:
    """The top-hat of a place without what stands out of it: a median, then a mean."""
    small = cv2.medianBlur(_small(hat.astype(np.float32)), 5)
    return _large(np.asarray(cv2.blur(small, (_CELL, _CELL)), np.float32), hat)


def _spread(lightness: Bytes) -> Plane:
    """The standard deviation of the light of a place without what stands out of it."""
    small = cv2.medianBlur(_small(lightness.astype(np.float32)), 5)
    mean = cv2.blur(small, (_CELL, _CELL))
    return _large(np.sqrt(np.maximum(cv2.blur(small * small, (_CELL, _CELL)) - mean * mean, 0)), lightness)


def _small(plane: Plane) -> Plane:
    size = max(1, plane.shape[1] // _SHRUNK), max(1, plane.shape[0] // _SHRUNK)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _large(small: Plane, like: Bytes) -> Plane:
    return np.asarray(cv2.resize(small, like.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
