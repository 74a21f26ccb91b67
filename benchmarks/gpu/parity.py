"""Is a photograph the same from the GPU as from the CPU? `python -m benchmarks.gpu.parity [--photos FOLDER]`.

Predicts photographs at several sizes and settings with both, and compares the differences with bounds; exits with 1
if one is exceeded. A step of 0.5 in a*, b* is what an 8-bit picture can show.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import OnnxPredictor, Prediction
from workers.network.providers import CPU, CUDA

from ..measuring.scenes import MODEL, PHOTOS
from ..measuring.table import markdown, told

LARGEST, MEAN, CONFIDENCE = 0.25, 0.01, 0.005
"""Bounds: on |difference| in a*, b*, on its mean over a photograph, and on that of confidence."""
SIDES = (256, 384, 512)
SETTINGS = {
    "as it is": ColorizeOptions(),
    "a vivid one, with a hint": ColorizeOptions(
        vividness=1.0, hints=(Hint(x=0.4, y=0.5, a=40, b=30, radius=0.02),)
    ),
}


def report(model: Path, folder: Path, provider: str) -> tuple[str, bool]:
    """Return the table, and whether every bound was held."""
    here, there = (OnnxPredictor(model, providers=[name]) for name in (CPU, provider))
    if there.provider != provider:
        raise SystemExit(f"ONNX Runtime cannot use {provider} here.")
    settings = {
        name: options
        for name, options in SETTINGS.items()
        if not options.hints or "hints" in here.card.capabilities
    }
    rows, held = [], True
    for name, photo in photographs(folder):
        for side in SIDES:
            lightness = scaled(photo, side)
            for setting, options in settings.items():
                pair = here.predict(lightness, options), there.predict(lightness, options)
                largest, mean, confidence = differences(*pair)
                held &= largest <= LARGEST and mean <= MEAN and confidence <= CONFIDENCE
                size = f"{lightness.shape[1]} x {lightness.shape[0]}"
                rows.append(told([name, size, setting, f"{largest:.4f}", f"{mean:.5f}", f"{confidence:.5f}"]))
    rows.append(["**bound**", "", "", f"{LARGEST:g}", f"{MEAN:g}", f"{CONFIDENCE:g}"])
    return markdown(
        ["photograph", "seen at", "settings", "max |Δab|", "mean |Δab|", "max |Δconfidence|"], rows
    ), held


def photographs(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield up to five JPEGs of a folder, in grey, and one picture of noise."""
    for path in sorted(folder.glob("*.jpg"), key=lambda path: (-path.stat().st_size, path.name))[:5]:
        with Image.open(path) as photo:
            yield path.stem, photo.convert("L")
    yield "noise", Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8))


def scaled(photo: Image.Image, side: int) -> NDArray[np.float32]:
    """Return lightness (H, W) in L*, with an area of about that side squared and sides that are multiples of 32."""
    scale = side / (photo.width * photo.height) ** 0.5
    size = [max(128, round(length * scale / 32) * 32) for length in photo.size]
    return np.asarray(photo.resize((size[0], size[1])), np.float32) / np.float32(2.55)


def differences(ours: Prediction, theirs: Prediction) -> tuple[float, float, float]:
    """Return the largest and the mean |difference| in a*, b*, and the largest of confidence."""
    ab, confidence = np.abs(ours.ab - theirs.ab), np.abs(ours.confidence - theirs.confidence)
    return float(ab.max()), float(ab.mean()), float(confidence.max())


def main() -> int:
    """Measure, print, and set the exit code: 1 if a bound was exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.parity", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of JPEGs (default: the tests')")
    parser.add_argument("--provider", default=CUDA, help=f"held against the CPU (default {CUDA})")
    arguments = parser.parse_args()
    started = time.perf_counter()
    table, held = report(arguments.model, arguments.photos, arguments.provider)
    print(table)
    print(
        f"\n{'All bounds held' if held else 'A BOUND WAS NOT HELD'} ({time.perf_counter() - started:.0f} s)."
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
