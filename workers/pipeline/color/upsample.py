"""Upsample the network's small colour to full size along the edges of the original."""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# Gaussian of about 3 x 3: a slope comes from one small pixel and its neighbours.
_SIGMA = 0.7
# In L* squared: below a local contrast of about 10 L*, colour does not have to follow light.
_EPSILON = 100.0
# The same bound for how well colour follows light, in L* squared times chroma squared.
_AGREEMENT_EPSILON = 100.0
# Few enough that their planes stay in the processor's cache.
_PIXELS = 1 << 16
# Below this width, many rows are made by one call each: by one call for some, the calls cost more than the pixels.
_NARROW, _NARROW_PIXELS = 64, 4096
# The parameter of Keys' kernel: a sharper kernel undoes part of the averaging that made the small picture.
_KEYS = -0.75


class RowSource(Protocol):
    """Full-size a*, b* row by row, from full-size lightness of the same rows."""

    def rows(self, start: int, lightness: Plane) -> Plane:
        """Return ab (2, n, W) of the rows from `start`, whose lightness is (n, W)."""
        ...


class DetailInjection:
    """Bicubic ab plus the upsampled local slope of ab against L*, times the detail of L* that bicubic lacks.

    As pan-sharpening by local regression does (Aiazzi 2007). Any strip of rows can be made on its own: memory does
    not grow with the photo, and strips of any height give the same numbers.
    """

    def __init__(self, ab: Plane, lightness: Plane, size: tuple[int, int]) -> None:
        """Fit at the small size.

        Args:
            ab: (2, h, w), a* and b*.
            lightness: (h, w), L* 0..100 averaged down to the same size.
            size: (height, width) of the full-size plane.
        """
        small = np.concatenate([_slopes(ab, lightness), ab, lightness[None]])  # (5, h, w)
        self._width = size[1]
        across = np.stack([_resize_columns(plane, size[1]) for plane in small], axis=1)
        self._small_rows = np.ascontiguousarray(across.reshape(len(across), -1))  # (h, 5 * W)
        self._first, self._weights = cubic_weights(ab.shape[1], size[0])

    def rows(self, start: int, lightness: Plane) -> Plane:
        """Return ab (2, n, W) of the rows from `start`, whose lightness is (n, W)."""
        ab = np.empty((2, *lightness.shape), np.float32)
        at_once = max(1, (_NARROW_PIXELS if self._is_narrow else _PIXELS) // self._width)
        fitted = np.empty((min(at_once, len(lightness)), self._small_rows.shape[1]), np.float32)
        for top in range(0, len(lightness), at_once):
            part = slice(top, top + at_once)
            self._inject(start + top, lightness[part], fitted, ab[:, part])
        return ab

    def _inject(self, start: int, lightness: Plane, fitted: Plane, ab: Plane) -> None:
        fitted = fitted[: len(lightness)]
        self._fit(start, fitted)
        planes = fitted.reshape(len(lightness), 5, self._width).swapaxes(0, 1)
        np.subtract(lightness, planes[4], out=planes[4])
        np.multiply(planes[:2], planes[4], out=ab)
        ab += planes[2:4]

    def _fit(self, start: int, fitted: Plane) -> None:
        if self._is_narrow:
            rows = slice(start, start + len(fitted))
            near = self._small_rows[self._first[rows, None] + np.arange(4)]  # (n, 4, 5 * W)
            np.einsum("nk,nkw->nw", self._weights[rows], near, out=fitted)
            return
        place = slice(start, start + len(fitted))
        firsts, weights = self._first[place], self._weights[place, None]
        for first in range(firsts[0], firsts[-1] + 1):
            # All rows between the same small ones by one call; each is a product of its own, whatever their number.
            rows = slice(*np.searchsorted(firsts, (first, first + 1)))
            np.matmul(weights[rows], self._small_rows[first : first + 4], out=fitted[rows, None])

    @property
    def _is_narrow(self) -> bool:
        return self._width < _NARROW


def cubic_weights(small: int, large: int) -> tuple[NDArray[np.intp], Plane]:
    """Return, for each of `large` samples, the first of 4 neighbours among `small` padded by 2, and their weights.

    Cubic convolution (Keys 1981) with pixel centres aligned.
    """
    centre = (np.arange(large) + 0.5) * small / large - 0.5
    left = np.floor(centre)
    t = (centre - left)[:, None]
    distance = np.abs(np.concatenate([t + 1, t, 1 - t, 2 - t], axis=1))
    near = ((_KEYS + 2) * distance - (_KEYS + 3)) * distance**2 + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * _KEYS
    # The small rows carry two copies of each edge, so the neighbour `left - 1` is row `left + 1`.
    return (left + 1).astype(np.intp), np.where(distance <= 1, near, far).astype(np.float32)


def _resize_columns(plane: Plane, width: int) -> Plane:
    """Bicubic across, edges repeated: (h, w) to (h + 4, width). OpenCV's kernel is the same, `_KEYS` and all."""
    padded = np.pad(plane, ((2, 2), (0, 0)), mode="edge")
    return np.asarray(cv2.resize(padded, (width, len(padded)), interpolation=cv2.INTER_CUBIC), np.float32)


def _slopes(ab: Plane, lightness: Plane) -> Plane:
    """Local least-squares slope of a* and b* against L*, (2, h, w), times how well it explains them.

    That factor is the squared coefficient of determination: where colour changes without light, or light without
    colour, plain bicubic is better, and the slope must not disturb it.
    """
    mean = _blur(lightness)
    variance = np.maximum(_blur(lightness * lightness) - mean * mean, 0)
    covariance = np.stack([_blur(c * lightness) - _blur(c) * mean for c in ab])
    spread = sum(np.maximum(_blur(c * c) - _blur(c) ** 2, 0) for c in ab)
    explained = (covariance**2).sum(axis=0) / (variance * spread + _AGREEMENT_EPSILON)
    return np.asarray(covariance / (variance + _EPSILON) * np.minimum(explained, 1) ** 2, np.float32)


def _blur(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE), np.float32)
