"""Make light.jpg: a colour photograph as blue-sensitive film saw it, its own colours laid on that light, and relit."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import color
from photochrom.photo.film import SENSITIVITIES, Film
from workers.pipeline.color.pixels import colorize_pixels

from .before_after import HERE, PHOTOS, side_by_side

_NAMES = ("astronaut.jpg", "rocket.jpg")
_BLUE = SENSITIVITIES[Film.BLUE].weights


class _Own:
    """The photograph's own a*, b*, in the place of predicted ones."""

    def __init__(self, ab: NDArray[np.float32]) -> None:
        self._ab = ab

    def rows(self, start: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ab (2, n, W)."""
        return self._ab[:, start : start + len(lightness)]


def row(path: Path) -> list[Image.Image]:
    """Return the film's picture, the colours on its light, the same as the eye saw it, and the truth."""
    truth = Image.open(path).convert("RGB")
    rgb = np.asarray(truth) / 255
    scan = np.rint(color.encoded(color.linear(rgb) @ np.array(_BLUE)) * 255).astype(np.uint8)
    own = _Own(np.moveaxis(color.lab(rgb)[..., 1:], -1, 0).astype(np.float32))
    made = [scan, colorize_pixels(scan, own), colorize_pixels(scan, own, _BLUE)]
    return [*(Image.fromarray(pixels).convert("RGB") for pixels in made), truth]


def stacked(rows: list[Image.Image]) -> Image.Image:
    """Return the rows at one width, one below the other."""
    width = min(each.width for each in rows)
    scaled = [each.resize((width, round(each.height * width / each.width))) for each in rows]
    sheet = Image.new("RGB", (width, sum(each.height + 6 for each in scaled) - 6), "white")
    top = 0
    for each in scaled:
        sheet.paste(each, (0, top))
        top += each.height + 6
    return sheet


if __name__ == "__main__":
    stacked([side_by_side(row(PHOTOS / name)) for name in _NAMES]).save(HERE / "light.jpg", quality=88)
