import io

import cv2
import imagecodecs
import numpy as np
import pillow_heif
import pytest
import simplejpeg
from PIL import Image

from photochrom import color

# The tests look at HEIC results through Pillow.
pillow_heif.register_heif_opener()


def with_pillow(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def with_simplejpeg(pixels: np.ndarray, quality: int, subsampling: str) -> bytes:
    if pixels.ndim == 2:
        return simplejpeg.encode_jpeg(pixels[..., None].copy(), quality, "GRAY", "Gray")
    return simplejpeg.encode_jpeg(pixels.copy(), quality, "RGB", subsampling)


def with_opencv(pixels: np.ndarray, *options: int) -> bytes:
    picture = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    return cv2.imencode(".jpg", picture, options)[1].tobytes()


def with_imagecodecs(pixels: np.ndarray, level: int, **options) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(pixels, level=level, **options))


ENCODERS = {
    "pillow-444": lambda p: with_pillow(p, quality=95, subsampling=0),
    "pillow-422": lambda p: with_pillow(p, quality=75, subsampling=1),
    "pillow-420": lambda p: with_pillow(p, quality=60, subsampling=2),
    "pillow-optimized": lambda p: with_pillow(p, quality=85, optimize=True),
    "pillow-progressive": lambda p: with_pillow(p, quality=90, progressive=True),
    "pillow-progressive-444": lambda p: with_pillow(p, quality=30, progressive=True, subsampling=0),
    "pillow-restarts": lambda p: with_pillow(p, quality=80, restart_marker_blocks=3),
    "pillow-restart-rows": lambda p: with_pillow(p, quality=80, restart_marker_rows=1, progressive=True),
    "pillow-worst": lambda p: with_pillow(p, quality=1),
    "pillow-best": lambda p: with_pillow(p, quality=100, subsampling=0),
    "simplejpeg-440": lambda p: with_simplejpeg(p, 88, "440"),
    "simplejpeg-411": lambda p: with_simplejpeg(p, 70, "411"),
    "simplejpeg-422": lambda p: with_simplejpeg(p, 50, "422"),
    "opencv": lambda p: with_opencv(p, cv2.IMWRITE_JPEG_QUALITY, 93),
    "opencv-progressive": lambda p: with_opencv(p, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "opencv-restarts": lambda p: with_opencv(
        p, cv2.IMWRITE_JPEG_RST_INTERVAL, 5, cv2.IMWRITE_JPEG_OPTIMIZE, 1
    ),
    "imagecodecs": lambda p: with_imagecodecs(p, 80, optimize=True),
    "imagecodecs-smooth": lambda p: with_imagecodecs(p, 97, smoothing=20),
}


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
