"""Make restoration.jpg: python -m docs.images.restoration. Damaged photographs, what was repaired, and the results.

Dust, hairs and scratches are drawn onto photographs of the tests by the generator that the finder is measured with.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.repair.defects import damage
from photochrom.color import encoded, lightness, luminance_of_lightness
from workers.network.finder import OnnxFinder
from workers.pipeline.repair.repair import filled, find
from workers.settings import SHIPPED_MODEL

from .before_after import GAP, PHOTOS

HERE = Path(__file__).parent
_SIDE = 320
_PLACES = {"camera.jpg": (0, 60), "rocket.jpg": (0, 60)}


def restored(name: str, top: int, left: int, seed: int) -> list[NDArray[np.uint8]]:
    """Return a part of a photograph as damaged, the mask of its repair, and repaired; pixel by pixel."""
    with Image.open(PHOTOS / name) as photo:
        part = np.asarray(photo.convert("RGB"))[top : top + _SIDE, left : left + _SIDE]
    plane = np.asarray(lightness(part / 255), np.float32)
    worn = damage(plane, np.random.default_rng(seed), ("dust", "hair"), 1.2).lightness
    grey = np.rint(encoded(luminance_of_lightness(worn)) * 255).astype(np.uint8)
    mask = find(grey, OnnxFinder(SHIPPED_MODEL.with_name("finder.onnx"), threads=1), 0.5).mask
    return [grey, mask, filled(grey, mask)]


if __name__ == "__main__":
    rows = [restored(name, *place, seed) for seed, (name, place) in enumerate(_PLACES.items(), 4)]
    lines = [np.pad(np.hstack(row), ((0, GAP), (0, 0)), constant_values=255) for row in rows]
    Image.fromarray(np.vstack(lines)[:-GAP]).save(HERE / "restoration.jpg", quality=85)
