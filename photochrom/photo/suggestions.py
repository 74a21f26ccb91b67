"""The colours that the network finds likely, at each position, and how to read them at a spot."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .. import color
from ..errors import ObjectNotFound

_REACH = 2
_APART = 9.0
"""Distance in the ab plane below which two colours are one suggestion."""
_MOST = 6


@dataclass(frozen=True)
class SpotColor:
    """A colour at the lightness of its spot."""

    a: float
    b: float
    color: str
    """sRGB as `#rrggbb`."""
    distance: float
    """From the current colour, in the ab plane."""


@dataclass(frozen=True)
class LikelyColors:
    """Maps of the upright photograph at the network's output size."""

    lightness: NDArray[np.float32]
    """(h, w), L*."""
    present: NDArray[np.float32]
    """(2, h, w), ab of the result."""
    modes: NDArray[np.float32]
    """(K, 2, h, w), ab of K answers of the network."""

    def to_bytes(self) -> bytes:
        """Return the maps, rounded to steps of 1 and compressed."""
        rounded = {name: np.rint(plane).astype(np.int8) for name, plane in vars(self).items()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **rounded)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read them back.

        Raises:
            ObjectNotFound: these bytes are not such maps.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as maps:
                return cls(**{name: maps[name].astype(np.float32) for name in cls.__dataclass_fields__})
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ObjectNotFound("The suggestions of this job cannot be read.") from error

    def at(self, x: float, y: float) -> tuple[SpotColor, list[SpotColor]]:
        """Return the current colour at a spot, and up to 6 likely ones, the nearest to it first.

        Args:
            x: 0..1 from the left edge.
            y: 0..1 from the top.
        """
        height, width = self.lightness.shape
        row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
        lightness = float(self.lightness[row, column])
        present = _fitted(lightness, self.present[:, row, column])
        found = _clusters(*self._around(row, column))
        near = [_spot_color(_fitted(lightness, ab), present) for ab in found]
        return _spot_color(present, present), sorted(near, key=lambda spot: spot.distance)

    def _around(self, row: int, column: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the answers (n, 2) around a cell, and their weights (n,), which fall with distance."""
        rows = np.arange(max(0, row - _REACH), min(self.lightness.shape[0], row + _REACH + 1))
        columns = np.arange(max(0, column - _REACH), min(self.lightness.shape[1], column + _REACH + 1))
        answers = self.modes[:, :, rows[:, None], columns].transpose(0, 2, 3, 1)  # (K, r, c, 2)
        weight = np.exp(-((rows[:, None] - row) ** 2 + (columns - column) ** 2) / 2).astype(np.float32)
        weights = np.broadcast_to(weight, answers.shape[:3])
        return answers.reshape(-1, 2), weights.reshape(-1)


def _clusters(points: NDArray[np.float32], weights: NDArray[np.float32]) -> list[NDArray[Any]]:
    """Return the centres of up to `_MOST` groups of points (n, 2), the heaviest group first."""
    centres: list[NDArray[Any]] = []
    left = np.ones(len(points), bool)
    while left.any() and len(centres) < _MOST:
        near = ((points[:, None] - points) ** 2).sum(-1) < _APART**2
        members = near[np.argmax(near @ (weights * left))] & left
        if not members.any():
            break
        centres.append(np.average(points[members], axis=0, weights=weights[members]))
        left &= ~members
    return centres


def _fitted(lightness: float, ab: NDArray[Any]) -> NDArray[Any]:
    """Return the CIELAB colour that sRGB can show at this lightness."""
    return color.fit_gamut([lightness, *map(float, ab)])


def _spot_color(lab: NDArray[Any], present: NDArray[Any]) -> SpotColor:
    levels = np.clip(np.rint(color.srgb(lab) * 255), 0, 255).astype(int)
    distance = float(np.hypot(*(lab[1:] - present[1:])))
    shown = "#" + bytes(levels.tolist()).hex()
    return SpotColor(round(float(lab[1]), 1), round(float(lab[2]), 1), shown, round(distance, 1))
