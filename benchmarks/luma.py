"""Is a JPEG that was coloured and uncoloured the scan's luma again? python -m benchmarks.luma [--photographs 12].

Makes each photograph by each encoder, colours it, takes the colour away, and compares the blocks' coefficients, their
table and the decoded luma with the scan's. Ends with 1 where one differs.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import jpeglib
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from workers.network.networks import Networks
from workers.network.predictor import OnnxPredictor
from workers.pipeline.colorizer import colorize
from workers.settings import WorkerSettings

from .encoders import ENCODERS
from .measuring.scenes import PHOTOS
from .measuring.table import markdown, told

Bytes = NDArray[np.uint8]
# Sides that fill their last blocks, and that do not.
_SIZES = ((640, 480), (413, 901), (97, 333), (80, 171), (1200, 777), (160, 200))
_NAMES = ("astronaut", "camera", "cat", "coffee", "rocket")


def photographs(count: int) -> list[Bytes]:
    """Return small photographs in turn grey and in colour, of many sizes."""
    places = ((number, _SIZES[number // 2 % len(_SIZES)]) for number in range(count))
    return [_photograph(_NAMES[number % len(_NAMES)], size, grey=number % 2 == 0) for number, size in places]


def comes_back(scan: bytes, networks: Networks[OnnxPredictor]) -> bool:
    """Whether the luma of a scan is the same, bit for bit, after colour was added and taken away."""
    colored = colorize(scan, networks, ColorizeOptions(quality=70)).data
    back = colorize(colored, networks, ColorizeOptions(uncolor=True))
    parts = zip(_luma(back.data), _luma(scan), strict=True)
    return not back.warnings and all(np.array_equal(found, wanted) for found, wanted in parts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.luma", description=__doc__)
    parser.add_argument("--photographs", type=int, default=12, help="by each encoder")
    given = parser.parse_args()
    networks = Networks(OnnxPredictor(WorkerSettings().model_path, threads=1))
    pictures, rows, total = photographs(given.photographs), [], 0
    for name, encode in ENCODERS.items():
        equal = sum(comes_back(encode(picture), networks) for picture in pictures)
        total += equal
        rows.append(told([name, str(len(pictures)), str(equal)]))
    print(markdown(["encoder", "files", "luma equal"], rows))
    count = len(rows) * len(pictures)
    print(f"\n{total} of {count} scans came back, bit for bit.")
    sys.exit(total < count)


def _photograph(name: str, size: tuple[int, int], *, grey: bool) -> Bytes:
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        return np.asarray(photo.convert("L" if grey else "RGB").resize(size))


def _luma(data: bytes) -> tuple[Bytes, ...]:
    """The luma's quantized coefficients and their table, as libjpeg reads them, and its samples."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        Path(file.name).write_bytes(data)
        found = jpeglib.read_dct(file.name)
    return found.Y, found.qt[found.quant_tbl_no[0]], simplejpeg.decode_jpeg(data, "GRAY")


if __name__ == "__main__":
    main()
