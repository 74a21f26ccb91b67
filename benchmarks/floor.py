"""The minimum that any pipeline must do: python -m benchmarks.floor FILE KIND. Decode, and encode the same as RGB.

JPEG with Pillow, PNG and 16-bit TIFF with the libraries and settings that the pipeline itself uses.
"""

import io
import sys
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image

from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.formats.png import read_png, write_png
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.formats.tiff.writer import write_tiff
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import Metadata

from .measure import Clock

Image.MAX_IMAGE_PIXELS = None


def main(source: Path, kind: str) -> None:
    """Decode and encode once and print the cost."""
    data = source.read_bytes()
    clock = Clock()
    if kind == "JPEG":
        result = _jpeg(data, clock)
    else:
        clock.stage("decode")
        photo = (read_png if kind == "PNG" else read_tiff)(data, PhotoLimits())
        clock.stage("to RGB")
        rgb = np.repeat(photo.pixels[..., None], 3, axis=2)
        clock.stage("encode")
        write = write_png if photo.format is PhotoFormat.PNG else write_tiff
        result = write(rgb, None, Metadata())
    clock.report(data, result)


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
    _ = imagecodecs.__version__  # loaded before the clock starts
    main(Path(sys.argv[1]), sys.argv[2])
