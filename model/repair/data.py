"""Training crops: photographs of the blocks as scans of many scales, damaged by the generator."""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..training.blocks import SIDE, block_tars, read_index
from .defects import TRAINED, VISIBLE, Plane, Rng, damage

_ROW = 10  # photographs in a row and in a column of a mosaic
_SCALES = (1.0, 4.0)
_CLEAN = 0.3  # share of crops without a defect: what is to be left alone must be seen too
UNSURE = 0.8
"""A change of L* below it does not show; between it and `VISIBLE` nobody can say, so nothing is learned there."""


@dataclass(frozen=True)
class Crop:
    """L* (S, S), 0..100; `damaged` (S, S) is 1 where damaged, 0 where not, 255 where nobody can say."""

    lightness: Plane
    damaged: NDArray[np.uint8]


def read_lightness(source: Path, most: int) -> NDArray[np.uint8]:
    """Return L* (N, 256, 256), 0..255, of at most so many photographs, from all tars of blocks alike."""
    tars = block_tars(source)
    each = -(-most // len(tars) // _ROW**2)
    found = [
        _mosaic(path, block.number)[: block.photographs] for path in tars for block in read_index(path)[:each]
    ]
    return np.concatenate(found)[:most]


def _mosaic(path: Path, number: str) -> NDArray[np.uint8]:
    with tarfile.open(path) as tar:
        file = tar.extractfile(f"{number}-L.avif")
        assert file is not None
        with Image.open(io.BytesIO(file.read()), formats=["AVIF"]) as image:
            plane = np.asarray(image.convert("L"))
    return plane.reshape(_ROW, SIDE, _ROW, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def scanned(lightness: Plane, scale: float, side: int, rng: Rng) -> Plane:
    """Return a square crop (side, side) of a photograph as a scan at `scale` shows it: enlarged, with grain."""
    window = min(lightness.shape[0], int(np.ceil(side / scale)))
    y, x = (rng.integers(0, size - window + 1) for size in lightness.shape)
    part = lightness[y : y + window, x : x + window]
    part = np.rot90(part, int(rng.integers(4)))[:, :: int(rng.choice((-1, 1)))]
    result = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        result = cv2.GaussianBlur(result, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.4:  # faded
        low, high = rng.uniform(0, 25), rng.uniform(70, 100)
        result = low + result * (high - low) / 100
    noise = rng.standard_normal((side, side), np.float32)
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.3, 1.1)), np.float32)
    result = result + grain * np.float32(rng.uniform(0, 3.0) / max(float(grain.std()), 1e-6))
    return np.asarray(np.clip(result, 0, 100), np.float32)


def crop(photographs: NDArray[np.uint8], side: int, rng: Rng, kinds: tuple[str, ...] = TRAINED) -> Crop:
    """Draw one training crop."""
    photograph = photographs[rng.integers(len(photographs))].astype(np.float32) / np.float32(2.55)
    clean = scanned(photograph, float(np.exp(rng.uniform(*np.log(_SCALES)))), side, rng)
    if rng.random() < _CLEAN:
        return Crop(_saved(clean, rng), np.zeros((side, side), np.uint8))
    worn = damage(clean, rng, kinds, density=rng.uniform(0.3, 1.5)).lightness
    change = np.abs(worn - clean)
    damaged = np.where(change > VISIBLE, 1, np.where(change > UNSURE, 255, 0)).astype(np.uint8)
    return Crop(_saved(worn, rng), damaged)


def _saved(lightness: Plane, rng: Rng) -> Plane:
    """Most scans are JPEGs; none holds more than 8 bits that matter here."""
    levels = np.rint(lightness * 2.55).astype(np.uint8)
    if rng.random() < 0.6:
        coded = cv2.imencode(".jpg", levels, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 98))))[1]
        levels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.asarray(levels / np.float32(2.55), np.float32)
