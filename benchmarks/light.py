"""What the light as the eye saw it costs, beside the scan's own: python -m benchmarks.light [MEGAPIXELS]."""

import sys
import tempfile
from pathlib import Path

from photochrom.photo.film import Film

from .measuring.measure import Measurement, file_of, in_own_process
from .measuring.scenes import KINDS, MODEL, as_file, scene
from .measuring.table import markdown

_REPEATS = 3


def main(megapixels: float) -> None:
    """Measure each kind of file both ways, in turns, and print the rows."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as folder:
        for kind in KINDS:
            path = file_of(Path(folder), kind, megapixels)
            path.write_bytes(as_file(scene(megapixels), kind))
            plain, relit = (
                in_own_process("benchmarks.pipeline.ours", str(path), str(MODEL), *film, repeats=_REPEATS)
                for film in ((), (Film.BLUE.value,))
            )
            rows.append([kind, f"{megapixels:g}", *_row(plain, relit)])
    head = ["format", "MP", "as scanned, s", "panchromatic, s", "ratio", "peak MB", "peak MB", "file"]
    print(markdown(head, rows))


def _row(plain: Measurement, relit: Measurement) -> list[str]:
    seconds = [f"{way.without_network:.2f}" for way in (plain, relit)]
    memory = [f"{way.peak_mb:.0f}" for way in (plain, relit)]
    ratio = f"{relit.without_network / plain.without_network:.2f}"
    return [*seconds, ratio, *memory, f"{relit.bytes_out / plain.bytes_out:.2f}"]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 12)
