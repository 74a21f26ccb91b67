"""Photographs that belong together: three parts of one scene, and one of another."""

import io

import numpy as np
from PIL import Image

from support.pictures.photographs import PHOTOS

Box = tuple[int, int, int, int]
SCENE: dict[str, tuple[Box, float]] = {
    "a": ((0, 0, 450, 450), 1.0),
    "b": ((40, 30, 490, 480), 0.8),
    "c": ((20, 20, 500, 500), 0.9),
}
"""Where each part lies in the scene's photograph (left, top, right, bottom), and how much darker or lighter it is."""


def part(box: Box, gain: float, side: int, name: str = "astronaut") -> Image.Image:
    """Return a part of a photograph, grey, darker or lighter, side x side pixels."""
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        pixels = np.asarray(photo.convert("L").crop(box).resize((side, side)), np.float32)
    return Image.fromarray(np.clip(pixels * gain, 0, 255).astype(np.uint8))


def other(side: int) -> Image.Image:
    """Return a photograph of something else."""
    return part((0, 0, 320, 320), 1.0, side, "coffee")


def as_jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    """Encode a picture."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()
