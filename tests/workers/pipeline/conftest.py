import io

import numpy as np
import pillow_heif
import pytest
import simplejpeg
from PIL import Image

from benchmarks.encoders import ENCODERS, with_pillow
from photochrom import color

# The tests look at HEIC results through Pillow.
pillow_heif.register_heif_opener()


@pytest.fixture(params=ENCODERS)
def encode_jpeg(request):
    """One of many ways to write a JPEG of (H, W) or (H, W, 3) bytes."""
    return ENCODERS[request.param]


@pytest.fixture(scope="session")
def luma_of():
    """The decoded luma plane (H, W) of a JPEG, in integers that can be subtracted."""
    return lambda jpeg: simplejpeg.decode_jpeg(jpeg, "GRAY")[..., 0].astype(int)


@pytest.fixture(scope="session")
def lightness_of():
    """L* (H, W) of grey or RGB samples, in float64 by the reference."""

    def lightness(samples: np.ndarray) -> np.ndarray:
        scaled = samples / np.iinfo(samples.dtype).max
        return color.lightness(scaled[..., :3] if samples.ndim == 3 else scaled[..., None].repeat(3, -1))

    return lightness


@pytest.fixture(scope="session")
def pillow_jpeg():
    return with_pillow


@pytest.fixture(scope="session")
def save():
    """Write pixels with Pillow: save(pixels, "PNG", **options) -> bytes."""

    def to_bytes(pixels: np.ndarray, format_: str, **options) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format_, **options)
        return file.getvalue()

    return to_bytes
