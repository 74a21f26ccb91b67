"""How other projects finish a picture, on the same JPEG: python -m benchmarks.pipeline.peers FILE WAY.

Written after their published inference code, without their networks: a small ab picture stands for the networks'
output. `ddcolor`: full-size float CIELAB by OpenCV, nearest or bilinear ab (its pipeline resizes ab with PyTorch's
default, nearest). `deoldify`: a colour picture at the network's size enlarged bilinearly, its U and V
combined with the original's Y.
"""

import io
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..measuring.measure import Clock

Image.MAX_IMAGE_PIXELS = None
Plane = NDArray[np.float32]


def main(source: Path, way: str) -> None:
    """Finish one picture and print the cost."""
    cv2.setNumThreads(1)
    data = source.read_bytes()
    clock = Clock()
    if way == "deoldify":
        result = _deoldify(data, clock)
    else:
        result = _ddcolor(data, clock, cv2.INTER_LINEAR if way.endswith("bilinear") else cv2.INTER_NEAREST)
    clock.report(data, result)


def _small_ab(side: int = 512) -> Plane:
    y, x = np.meshgrid(*[np.linspace(0, 1, side, dtype=np.float32)] * 2, indexing="ij")
    return np.stack([20 * np.cos(5 * x), 20 * np.sin(4 * y)], axis=-1).astype(np.float32)


def _ddcolor(data: bytes, clock: Clock, interpolation: int) -> bytes:
    clock.stage("decode")
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    clock.stage("colour")
    height, width = bgr.shape[:2]
    lightness = cv2.cvtColor((bgr / 255.0).astype(np.float32), cv2.COLOR_BGR2Lab)[:, :, :1]
    clock.stage("upsample")
    ab = cv2.resize(_small_ab(), (width, height), interpolation=interpolation)
    clock.stage("colour")
    lab = np.concatenate([lightness, ab], axis=-1)
    out = (cv2.cvtColor(lab, cv2.COLOR_Lab2BGR) * 255.0).round().astype(np.uint8)
    clock.stage("encode")
    return cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _deoldify(data: bytes, clock: Clock) -> bytes:
    small = Image.fromarray(
        np.dstack([(_small_ab() + 128).astype(np.uint8), np.full((512, 512), 128, np.uint8)])
    )
    clock.stage("decode")
    with Image.open(io.BytesIO(data)) as image:
        original = np.asarray(image.convert("RGB"))
    clock.stage("upsample")
    colour = np.asarray(small.resize(original.shape[1::-1], resample=Image.Resampling.BILINEAR))
    clock.stage("colour")
    colour_yuv = cv2.cvtColor(colour, cv2.COLOR_RGB2YUV)
    original_yuv = cv2.cvtColor(original, cv2.COLOR_RGB2YUV)
    hires = np.copy(original_yuv)
    hires[:, :, 1:3] = colour_yuv[:, :, 1:3]
    final = Image.fromarray(cv2.cvtColor(hires, cv2.COLOR_YUV2RGB))
    clock.stage("encode")
    file = io.BytesIO()
    final.save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
