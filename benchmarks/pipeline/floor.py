"""The least that any pipeline does: decode it, encode the result. python -m benchmarks.pipeline.floor FILE KIND.

JPEG by Pillow, as RGB. PNG and 16-bit TIFF by the library that is fastest among those that pack the pixels of the
result, which `benchmarks.pipeline.ours` left beside the file, as small as the pipeline does, within a twentieth.
Compared were imagecodecs (libpng, libspng), OpenCV and Pillow for PNG, tifffile with imagecodecs and OpenCV for TIFF.
"""

import io
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from workers.pipeline.photo import Samples

from ..measuring.measure import Clock, result_of

Image.MAX_IMAGE_PIXELS = None


_FROM_THE_LEFT = 0x10  # libpng's filter


def main(source: Path, kind: str) -> None:
    """Decode and encode once and print the cost."""
    data = source.read_bytes()
    pixels = None if kind == "JPEG" else _read(result_of(source).read_bytes(), kind)
    clock = Clock()
    clock.report(data, _jpeg(data, clock) if pixels is None else _lossless(data, pixels, kind, clock))


def _lossless(data: bytes, result: Samples, kind: str, clock: Clock) -> bytes:
    clock.stage("decode")
    _read(data, kind)
    clock.stage("encode")
    if kind == "PNG":
        return bytes(imagecodecs.png_encode(result, level=3, filter=_FROM_THE_LEFT))
    file = io.BytesIO()
    tifffile.imwrite(
        file, result, photometric="rgb", rowsperstrip=64, maxworkers=1,
        compression="zlib", compressionargs={"level": 1}, predictor=True,
    )  # fmt: skip
    return file.getvalue()


def _read(data: bytes, kind: str) -> Samples:
    if kind == "PNG":
        return np.asarray(imagecodecs.png_decode(data))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return np.asarray(file.pages[0].asarray(maxworkers=1))


def _jpeg(data: bytes, clock: Clock) -> bytes:
    clock.stage("decode")
    with Image.open(io.BytesIO(data)) as grey:
        grey.load()
        clock.stage("to RGB")
        rgb = grey.convert("RGB")
    clock.stage("encode")
    file = io.BytesIO()
    rgb.save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
