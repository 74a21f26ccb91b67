"""Photographs for the tests, from real ones under free licences."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

PHOTOS = Path(__file__).parents[2] / "photos"


def grey_jpeg(name: str = "astronaut.jpg", size: tuple[int, int] | None = None) -> bytes:
    with Image.open(PHOTOS / name) as photo:
        grey = photo.convert("L")
        if size:
            grey = grey.resize(size, Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        grey.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def slow_photograph() -> bytes:
    """A noisy 16-megapixel PNG: seconds of work, so that there is a middle to be killed in."""
    return noise_png(4000)


def noise_png(side: int) -> bytes:
    noise = np.random.default_rng(7).integers(0, 256, (side, side), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def noise_jpeg(side: int, seed: int) -> bytes:
    """A square grey JPEG like no other: its noise is that of `seed`."""
    noise = np.random.default_rng(seed).integers(0, 256, (side // 8, side // 8), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def album_page(quality: int = 92) -> bytes:
    """A dark page of 1300 x 900 with two photographs of 500 x 400, and white borders: at (60, 80) and (700, 250)."""
    noise = np.random.default_rng(0).normal(38, 1.5, (900, 1300))
    page = Image.fromarray(np.clip(np.rint(noise), 0, 255).astype(np.uint8))
    for name, place in (("astronaut.jpg", (60, 80)), ("coffee.jpg", (700, 250))):
        with Image.open(PHOTOS / name) as photo:
            small = photo.convert("L").resize((500, 400))
        page.paste(Image.new("L", (540, 440), 225), (place[0] - 20, place[1] - 20))
        page.paste(small, place)
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def masked(rgb: np.ndarray) -> np.ndarray:
    """A photograph as its colour negative: densities inverted, behind the orange of unexposed film."""
    share = np.clip(1 - rgb / 255 * 0.8, 0, 1)
    return np.rint(share * np.array([235, 150, 95])).astype(np.uint8)
