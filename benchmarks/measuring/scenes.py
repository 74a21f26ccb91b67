"""Large photographs for measurements, made from small ones: enlarged, with grain, of any number of megapixels."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import simplejpeg
import tifffile
from numpy.typing import NDArray
from PIL import Image

from workers.settings import SHIPPED_MODEL

MODEL = SHIPPED_MODEL
PHOTOS = Path(__file__).parents[2] / "tests" / "photos"
_PHOTO = PHOTOS / "camera.jpg"
_ASPECT = 4 / 3
_GRAIN = 4.0
"""Standard deviation in 8-bit levels: about that of a scanned 35-mm negative."""
KINDS = ("JPEG", "PNG", "TIFF16")


def scene(megapixels: float, source: Path = _PHOTO, aspect: float = _ASPECT) -> NDArray[np.uint8]:
    """Return a grey photograph (H, W) of that size and width / height, the same for the same size."""
    height = round((megapixels * 1e6 / aspect) ** 0.5)
    size = round(height * aspect), height
    with Image.open(source) as photo:
        large = np.asarray(photo.convert("L").resize(size, Image.Resampling.BICUBIC))
    # One repeated tile of grain: drawing a normal number for each of 100 million pixels takes longer than all else.
    grain = np.random.default_rng(0).normal(0, _GRAIN, (509, 521)).astype(np.float32)
    rows = [
        np.clip(large[y : y + 509] + _tiled(grain, min(509, height - y), size[0]), 0, 255).astype(np.uint8)
        for y in range(0, height, 509)
    ]
    return np.concatenate(rows)


def as_file(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Encode as a quality-90 JPEG, a PNG, or a deflated 16-bit TIFF."""
    if kind == "JPEG":
        return bytes(simplejpeg.encode_jpeg(pixels[..., None], 90, "GRAY", "Gray"))
    if kind == "PNG":
        return bytes(imagecodecs.png_encode(pixels, level=6))
    file = io.BytesIO()
    tifffile.imwrite(file, pixels.astype(np.uint16) * np.uint16(257), compression="zlib", rowsperstrip=64)
    return file.getvalue()


def _tiled(grain: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    return np.tile(grain[:height], (1, -(-width // grain.shape[1])))[:, :width]
