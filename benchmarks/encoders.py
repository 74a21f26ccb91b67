"""Many ways to write a JPEG of (H, W) grey or (H, W, 3) RGB bytes: five encoders, all usual samplings and scans."""

import io
from collections.abc import Callable
from typing import Any

import cv2
import imagecodecs
import mozjpeg_lossless_optimization as mozjpeg
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]


def with_pillow(pixels: Bytes, **options: Any) -> bytes:
    """Encode by libjpeg-turbo, as Pillow calls it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


def _with_simplejpeg(pixels: Bytes, quality: int, subsampling: str) -> bytes:
    if pixels.ndim == 2:
        return bytes(simplejpeg.encode_jpeg(pixels[..., None].copy(), quality, "GRAY", "Gray"))
    return bytes(simplejpeg.encode_jpeg(pixels.copy(), quality, "RGB", subsampling))


def _with_opencv(pixels: Bytes, *options: int) -> bytes:
    picture = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    return cv2.imencode(".jpg", picture, options)[1].tobytes()


def _with_imagecodecs(pixels: Bytes, level: int, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(pixels, level=level, **options))


ENCODERS: dict[str, Callable[[Bytes], bytes]] = {
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
    "mozjpeg": lambda p: bytes(mozjpeg.optimize(with_pillow(p, quality=82))),
    "simplejpeg-440": lambda p: _with_simplejpeg(p, 88, "440"),
    "simplejpeg-411": lambda p: _with_simplejpeg(p, 70, "411"),
    "simplejpeg-422": lambda p: _with_simplejpeg(p, 50, "422"),
    "opencv": lambda p: _with_opencv(p, cv2.IMWRITE_JPEG_QUALITY, 93),
    "opencv-progressive": lambda p: _with_opencv(p, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "opencv-restarts": lambda p: _with_opencv(
        p, cv2.IMWRITE_JPEG_RST_INTERVAL, 5, cv2.IMWRITE_JPEG_OPTIMIZE, 1
    ),
    "imagecodecs": lambda p: _with_imagecodecs(p, 80, optimize=True),
    "imagecodecs-smooth": lambda p: _with_imagecodecs(p, 97, smoothing=20),
}
