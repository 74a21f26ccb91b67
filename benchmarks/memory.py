"""Peak memory of one photo, compared with its bound: python -m benchmarks.memory [--megapixels 100 200].

Bounds: 1.5 GB up to 100 megapixels, 3 GB up to 200; Python, its libraries and the network are part of the peak.
Exits with 1 if a kind of file exceeds its bound.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import simplejpeg
import tifffile
from numpy.typing import NDArray
from PIL import Image

from .measuring.measure import in_own_process
from .measuring.scenes import MODEL, as_file, scene
from .measuring.table import markdown

_MB_PER_MEGAPIXEL = 15
KINDS = (
    "grey JPEG",
    "colour JPEG 4:2:0",
    "colour JPEG 4:4:4",
    "progressive colour JPEG",
    "16-bit grey TIFF",
    "16-bit colour TIFF",
)


def write(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Encode grey pixels (H, W) as that kind of file; colour is a slight toning, like that of an old print."""
    if kind == "grey JPEG":
        return as_file(pixels, "JPEG")
    if kind == "16-bit grey TIFF":
        return as_file(pixels, "TIFF16")
    toned = np.stack([pixels, pixels - pixels // 16, pixels - pixels // 6], axis=-1)
    if kind == "progressive colour JPEG":
        file = io.BytesIO()
        Image.fromarray(toned).save(file, "JPEG", quality=90, progressive=True)
        return file.getvalue()
    if kind == "16-bit colour TIFF":
        file = io.BytesIO()
        tifffile.imwrite(
            file,
            toned.astype(np.uint16) * np.uint16(257),
            compression="zlib",
            rowsperstrip=64,
            photometric="rgb",
        )
        return file.getvalue()
    return bytes(simplejpeg.encode_jpeg(toned, 90, "RGB", "444" if kind.endswith("4:4:4") else "420"))


def report(sizes: list[float], kinds: list[str]) -> tuple[str, bool]:
    """Return the table, and whether every bound was held."""
    rows, held = [], True
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as folder:
        for megapixels in sizes:
            bound = max(megapixels, 100) * _MB_PER_MEGAPIXEL
            for kind in kinds:
                print(f"{megapixels:g} megapixels, {kind} ...", file=sys.stderr)
                path = Path(folder) / "photo"
                path.write_bytes(write(scene(megapixels), kind))
                cost = in_own_process("benchmarks.pipeline.ours", str(path), str(MODEL), repeats=1)
                held = held and cost.peak_mb <= bound
                row = [f"{cost.peak_mb:.0f}", f"{bound:.0f}", f"{cost.peak_mb / bound:.2f}"]
                growth, seconds = cost.bytes_out / cost.bytes_in, cost.without_network
                rows.append([kind, f"{megapixels:g}", *row, f"{seconds:.1f}", f"{growth:.2f}"])
    head = ["file", "MP", "peak MB", "bound MB", "of bound", "CPU seconds", "result / source bytes"]
    return markdown(head, rows), held


def main() -> int:
    """Measure, print, and set the exit code: 1 if a bound was exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[100, 200])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    arguments = parser.parse_args()
    table, held = report(arguments.megapixels, arguments.kinds)
    print(table)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
