"""Ways to upsample small colour to full size, on photographs whose colour is known.

python -m benchmarks.upsampling PHOTOS: true a*, b* is averaged down to 32, 64 or 128 pixels on the short side and
enlarged again by each way. The error is measured over all pixels, and over those within two pixels of an edge of
colour, where it shows as bleeding. Costs are for a 12-megapixel picture. Some ways use the small lightness that the
network gets; it exists in any case, so making it is not part of their cost.
"""

import argparse
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import color
from workers.pipeline.color.upsample import DetailInjection

from .measuring.scenes import scene
from .measuring.table import markdown

Plane = NDArray[np.float32]
Way = Callable[[Plane, Plane, Plane], Plane]  # ab (2, h, w), L* (h, w), L* (H, W) -> ab (2, H, W)
_SIDES = (32, 64, 128)
_EDGE = 12.0
"""Change of colour, in CIELAB units from pixel to pixel, that counts as an edge."""


def _resized(interpolation: int) -> Way:
    def way(ab: Plane, guide: Plane, lightness: Plane) -> Plane:  # noqa: ARG001 - all ways are called alike
        size = lightness.shape[1::-1]
        return np.stack([cv2.resize(plane, size, interpolation=interpolation) for plane in ab])

    return way


def detail_injection(ab: Plane, guide: Plane, lightness: Plane) -> Plane:
    """The pipeline's way."""
    return DetailInjection(ab, guide, lightness.shape).rows(0, lightness)


def fast_guided_filter(
    ab: Plane, guide: Plane, lightness: Plane, radius: int = 1, epsilon: float = 4.0
) -> Plane:
    """He and Sun 2015: linear coefficients fitted at the small size, box-averaged, enlarged bilinearly."""
    window = (2 * radius + 1,) * 2
    mean = cv2.blur(guide, window)
    variance = cv2.blur(guide * guide, window) - mean * mean
    size, planes = lightness.shape[1::-1], []
    for plane in ab:
        slope = (cv2.blur(guide * plane, window) - mean * cv2.blur(plane, window)) / (variance + epsilon)
        offset = cv2.blur(plane, window) - slope * mean
        slope, offset = (cv2.resize(cv2.blur(c, window), size) for c in (slope, offset))
        planes.append(slope * lightness + offset)
    return np.stack(planes)


def joint_bilateral(ab: Plane, guide: Plane, lightness: Plane, tones: float = 12.0) -> Plane:
    """Kopf 2007: each pixel averages its 3 x 3 small neighbours, weighted by distance and likeness in L*."""
    size = lightness.shape[1::-1]
    height, width = guide.shape
    row = (np.arange(size[1]) + 0.5) * height / size[1] - 0.5
    column = (np.arange(size[0]) + 0.5) * width / size[0] - 0.5
    total, sums = np.zeros_like(lightness), np.zeros((2, *lightness.shape), np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            y, x = np.rint(row) + down, np.rint(column) + right
            distance = ((y - row) ** 2)[:, None] + ((x - column) ** 2)[None]
            index = np.ix_(np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int))
            likeness = ((guide[index] - lightness) / tones) ** 2
            weight = np.exp(-0.5 * likeness - distance).astype(np.float32)
            total += weight
            sums += weight * ab[:, index[0], index[1]]
    return np.asarray(sums / np.maximum(total, 1e-12), np.float32)


WAYS: dict[str, Way] = {
    "nearest": _resized(cv2.INTER_NEAREST_EXACT),
    "bilinear": _resized(cv2.INTER_LINEAR),
    "bicubic": _resized(cv2.INTER_CUBIC),
    "fast guided filter": fast_guided_filter,
    "joint bilateral": joint_bilateral,
    "detail injection": detail_injection,
}


def photographs(path: Path, most: int) -> Iterator[Plane]:
    """Yield CIELAB (3, H, W) of the photographs in a folder or tar."""
    if path.is_dir():
        files: Iterator[bytes] = (file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())
    else:
        files = _members(path)
    for _, data in zip(range(most), files, strict=False):
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"), np.float32) / 255
        yield np.ascontiguousarray(np.moveaxis(color.lab(rgb), -1, 0), np.float32)


def quality(path: Path, most: int) -> tuple[int, dict[str, list[float]]]:
    """Return the number of photographs, and by way: ab RMSE for each of the sides, then the same near edges at 64."""
    squares = {way: np.zeros(len(_SIDES) + 1) for way in WAYS}
    pixels, near_edges = 0, 0
    count = 0
    for lab in photographs(path, most):
        count += 1
        edges = _near_edges(lab)
        pixels, near_edges = pixels + edges.size, near_edges + int(edges.sum())
        for i, side in enumerate(_SIDES):
            scale = side / min(lab.shape[1:])
            small = np.stack([_reduced(plane, [round(n * scale) for n in plane.shape]) for plane in lab[1:]])
            guide = _reduced(lab[0], small.shape[1:])
            for name, way in WAYS.items():
                error = ((way(small, guide, lab[0]) - lab[1:]) ** 2).mean(axis=0)
                squares[name][i] += error.sum()
                squares[name][-1] += error[edges].sum() if side == 64 else 0
    samples = np.array([pixels] * len(_SIDES) + [near_edges])
    return count, {name: list(np.sqrt(total / samples)) for name, total in squares.items()}


def costs(megapixels: float = 12, repeats: int = 3) -> dict[str, float]:
    """CPU seconds of each way for a large picture from 96-pixel colour."""
    cv2.setNumThreads(1)
    lightness = scene(megapixels).astype(np.float32) / 2.55
    ab = np.random.default_rng(0).normal(0, 20, (2, 96, 128)).astype(np.float32)
    inputs = ab, _reduced(lightness, ab.shape[1:]), lightness
    return {name: min(_cpu(way, *inputs) for _ in range(repeats)) for name, way in WAYS.items()}


def report(path: Path, most: int) -> str:
    """The table."""
    count, errors = quality(path, most)
    seconds = costs()
    rows = [
        [name, *(f"{value:.2f}" for value in errors[name]), f"{seconds[name] / seconds['bilinear']:.1f}"]
        for name in WAYS
    ]
    head = ["way", *(f"from {side} px" for side in _SIDES), "near edges, from 64 px", "CPU time / bilinear's"]
    return f"{count} photographs; ab RMSE.\n\n" + markdown(head, rows)


def _cpu(way: Way, ab: Plane, guide: Plane, lightness: Plane) -> float:
    start = time.process_time()
    way(ab, guide, lightness)
    return time.process_time() - start


def _reduced(plane: Plane, shape: tuple[int, ...] | list[int]) -> Plane:
    return np.asarray(cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def _near_edges(lab: Plane) -> NDArray[np.bool_]:
    """Pixels within two of an edge of colour (H, W)."""
    down, right = (
        np.diff(lab[1:], axis=1, append=lab[1:, -1:]),
        np.diff(lab[1:], axis=2, append=lab[1:, :, -1:]),
    )
    edges = np.hypot(np.hypot(*down), np.hypot(*right)) > _EDGE
    return cv2.dilate(edges.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)


def _members(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile() and (file := tar.extractfile(member)):
                yield file.read()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder or a tar of colour photographs")
    parser.add_argument("--most", type=int, default=100_000)
    arguments = parser.parse_args()
    print(report(arguments.photos, arguments.most))
