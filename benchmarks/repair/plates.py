"""What is damaged on real glass plates, told by three exposures of each scene.

Each plate is an image whose red, green and blue are exposures of one scene, one after another on glass. A speck or
scratch is on one of them alone, so the other two tell what was there. The estimate: each exposure is predicted from
the other two by a linear regression in windows of 31 pixels. The three lie on each other within 2 pixels only, so a
pixel departs by what it is beyond all that is predicted within 2 pixels. It is damaged where its L* departs by `CLEAR`
or more. Judged are calm places alone, where the other two predict each other within `AGREED` and the prediction varies
by less than `CALM` around: in leaves and embroidery the colours of the scene depart as damage does. Between `FAINT`
and `CLEAR` nobody can say. The figures: of what the finder marks, the share that departs by `FAINT` or more; of what is
damaged, the share that it marks; and the pixels that it marks though the three exposures agree, which are the scene's
own. All with 2 pixels of tolerance.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color import lightness
from workers.pipeline.repair.finder import Finder
from workers.pipeline.repair.marks import FILLED
from workers.pipeline.repair.repair import find

Plane = NDArray[np.float32]
CLEAR, FAINT, AGREED, CALM = 12.0, 5.0, 5.0, 4.0
HEAD = ["finder", "marked and damaged", "damaged and marked", "damaged %", "marked though all agree %"]
_WINDOW, _AROUND = (31, 31), (15, 15)
_TOLERANCE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_STEADY = 4.0  # squared L*: keeps the regression of a calm window from following the grain


def predicted(wanted: Plane, first: Plane, second: Plane) -> Plane:
    """Return L* (H, W) of one exposure as the other two tell it, each window by its own regression."""

    def mean(plane: Plane) -> Plane:
        return np.asarray(cv2.blur(plane, _WINDOW), np.float32)

    means = [mean(plane) for plane in (wanted, first, second)]
    a, b = (
        mean(plane * plane) - m * m + _STEADY for plane, m in zip((first, second), means[1:], strict=True)
    )
    both = mean(first * second) - means[1] * means[2]
    one, other = (
        mean(wanted * plane) - means[0] * m for plane, m in zip((first, second), means[1:], strict=True)
    )
    area = a * b - both * both
    to_first, to_second = (one * b - other * both) / area, (other * a - one * both) / area
    rest = means[0] - to_first * means[1] - to_second * means[2]
    return mean(to_first) * first + mean(to_second) * second + mean(rest)


def departures(exposures: list[Plane]) -> Iterator[tuple[Plane, NDArray[np.bool_]]]:
    """Yield for each exposure how far its L* departs from the others' word, and where these are of one mind."""
    for number, wanted in enumerate(exposures):
        first, second = (plane for other, plane in enumerate(exposures) if other != number)
        told = predicted(wanted, first, second)
        apart = [
            _beyond(predicted(one, other, other), one) for one, other in ((first, second), (second, first))
        ]
        varies = np.sqrt(np.maximum(cv2.blur(told * told, _AROUND) - cv2.blur(told, _AROUND) ** 2, 0))
        calm = cv2.erode(((np.maximum(*apart) < AGREED) & (varies < CALM)).astype(np.uint8), _TOLERANCE) > 0
        yield _beyond(told, wanted), calm


def _beyond(prediction: Plane, seen: Plane) -> Plane:
    """Return how far (H, W) a pixel is lighter or darker than all that is predicted around it."""
    lightest, darkest = cv2.dilate(prediction, _TOLERANCE), cv2.erode(prediction, _TOLERANCE)
    return np.asarray(np.maximum(np.maximum(seen - lightest, darkest - seen), 0), np.float32)


def measure(finder: Finder, plates: list[list[NDArray[np.uint8]]], strength: float) -> list[str]:
    """Return a row of figures."""
    sums = np.zeros(6)
    for exposures in plates:
        seen = [_lightness_of(plane) for plane in exposures]
        for plane, (apart, calm) in zip(exposures, departures(seen), strict=True):
            marked = find(plane, finder, strength).mask == FILLED
            near_damage = _grown((apart >= FAINT) & calm)
            damaged = _without_grain((apart >= CLEAR) & calm)
            judged = marked & calm
            caught = damaged & _grown(marked)
            wrong = judged & ~near_damage
            told = (judged, judged & near_damage, damaged, caught, wrong)
            sums += [*(each.sum() for each in told), plane.size]
    marked_pixels, right, clear, found, wrong_pixels, size = sums
    shares = (right / max(marked_pixels, 1), found / max(clear, 1))
    return [*(f"{share:.3f}" for share in shares), *(f"{100 * n / size:.4f}" for n in (clear, wrong_pixels))]


def _lightness_of(plane: NDArray[np.uint8]) -> Plane:
    return np.asarray(lightness(np.repeat(plane[..., None], 3, -1) / np.float32(255)), np.float32)


def _without_grain(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= 4
    kept[0] = False
    return np.asarray(kept[labels], bool)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _TOLERANCE) > 0)


def read(folder: Path, most: int) -> Iterator[list[NDArray[np.uint8]]]:
    """Yield the three exposures of each plate, each as it would look alone."""
    for path in sorted(folder.glob("*.webp"))[:most]:
        with Image.open(path) as image:
            planes = np.asarray(image.convert("RGB"))
        yield [np.ascontiguousarray(planes[..., n]) for n in range(3)]
