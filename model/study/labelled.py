"""Photographs with labels: classes of Tiny-ImageNet, and CamVid's streets with a class for every pixel.

A set is an `.npz` of WebP pictures. For each split it holds `S_bytes` (the files one after the other), `S_offsets`
(where each begins, and the last one's end) and `S_labels`. Tiny-ImageNet's pictures are mosaics of 10 x 10 photographs
of 64 px; CamVid's are frames, with labels (N,H,W). Tiny-ImageNet may also be the folder that its authors distribute.
"""

import io
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from photochrom import color
from photochrom.errors import PhotoRejected

from .encoder import of_lightness

STREETS = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "cyclist",
)
VOID = len(STREETS)
"""The label of a pixel that belongs to no class: left out of losses and scores."""
_ROW, _SIDE = 10, 64  # photographs in a mosaic's row, pixels of a photograph
_CHUNK = 256  # photographs at a time
_LEVELS = 2.55  # L* 100 is 255


class Labelled(NamedTuple):
    """Photographs as the study's network sees them, with their labels."""

    lightness: Tensor  # uint8 (N,1,H,W), 0..255 is L* 0..100
    labels: Tensor  # int64: (N,) classes of photographs, or (N,H,W) classes of pixels

    def first(self, count: int | None) -> "Labelled":
        """Return the first photographs; all of them without a count."""
        return Labelled(self.lightness[:count], self.labels[:count])

    def evenly(self, count: int | None) -> "Labelled":
        """Return so many photographs from all over the set: neighbours of a film are alike."""
        total = len(self.labels)
        return self.take(torch.arange(min(count or total, total)) * total // min(count or total, total))

    def take(self, index: Tensor) -> "Labelled":
        """Return some of the photographs, by their places in this set."""
        return Labelled(self.lightness[index], self.labels[index])

    def inputs(self, batch: int = 256) -> Iterator[Tensor]:
        """Return the network's input of all photographs, in batches."""
        return (network_input(part) for part in torch.split(self.lightness, batch))


class Sets(NamedTuple):
    """What the uses are measured with."""

    train: Labelled  # classes of photographs
    validation: Labelled
    frames: Labelled  # classes of pixels
    test_frames: Labelled


def network_input(lightness: Tensor) -> Tensor:
    """Return the input of the study's network for stored L* (uint8)."""
    return of_lightness(lightness.float() / _LEVELS)


def read_sets(classes: Path, streets: Path) -> Sets:
    """Read all that the uses need.

    Raises:
        PhotoRejected: a set is missing or damaged.
    """
    return Sets(
        tiny(classes, "train"), tiny(classes, "val"), camvid(streets, "train"), camvid(streets, "test")
    )


def tiny(path: Path, split: Literal["train", "val"]) -> Labelled:
    """Read Tiny-ImageNet: an `.npz` of mosaics, or the folder `tiny-imagenet-200` with all of its photographs.

    Raises:
        PhotoRejected: the set is missing or damaged.
    """
    if path.is_dir():
        return _of_files(path, _listed(path, split))
    pictures, labels = _stored(path, split)
    return _labelled(path, (_lightness(_squares(picture)) for picture in pictures), labels)


def camvid(path: Path, split: Literal["train", "val", "test"]) -> Labelled:
    """Read CamVid's frames: 11 classes (`STREETS`) and void.

    Raises:
        PhotoRejected: the set is missing or damaged.
    """
    pictures, labels = _stored(path, split)
    return _labelled(path, (_lightness(picture[None]) for picture in pictures), labels)


def _stored(path: Path, split: str) -> tuple[Iterator[NDArray[np.uint8]], NDArray[np.uint8]]:
    try:
        with np.load(path) as archive:
            data, offsets, labels = (archive[f"{split}_{part}"] for part in ("bytes", "offsets", "labels"))
    except (OSError, ValueError, KeyError) as error:
        raise PhotoRejected(f"{path} is not a readable set with a part {split}: {error}") from error
    files = (data[start:end].tobytes() for start, end in pairwise(offsets))
    return (_decoded(path, io.BytesIO(file)) for file in files), labels


def _decoded(source: Path, file: Path | io.BytesIO) -> NDArray[np.uint8]:
    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise PhotoRejected(f"A photograph of {source} is damaged: {error}") from error


def _squares(mosaic: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take a mosaic (640,640,3) apart: (100,64,64,3), row by row."""
    rows = mosaic.reshape(_ROW, _SIDE, _ROW, _SIDE, 3)
    return rows.swapaxes(1, 2).reshape(-1, _SIDE, _SIDE, 3)


def _labelled(path: Path, parts: Iterable[Tensor], labels: NDArray[np.uint8]) -> Labelled:
    lightness = torch.cat(list(parts))
    if len(lightness) < len(labels):
        raise PhotoRejected(f"{path} has {len(labels)} labels, but only {len(lightness)} photographs.")
    return Labelled(lightness[: len(labels)], torch.from_numpy(labels.astype(np.int64)))


def _lightness(rgb: NDArray[np.uint8]) -> Tensor:
    """Return L* (N,1,H,W) of RGB (N,H,W,3), both as bytes."""
    linear = color.linear(np.arange(256, dtype=np.float32) / 255)[rgb]
    light = color.lightness_of_luminance(linear @ color.RGB_TO_XYZ[1].astype(np.float32))
    return torch.from_numpy((light * _LEVELS).round().astype(np.uint8))[:, None]


def _listed(folder: Path, split: str) -> list[tuple[Path, int]]:
    """List the files of the distributed folder with their classes, shuffled alike every time."""
    try:
        wnids = {name: number for number, name in enumerate((folder / "wnids.txt").read_text().split())}
        if split == "train":
            paths = sorted(path for name in wnids for path in (folder / "train" / name / "images").iterdir())
            files = [(path, wnids[path.parent.parent.name]) for path in paths]
        else:
            lines = (folder / "val" / "val_annotations.txt").read_text().splitlines()
            rows = (line.split("\t") for line in lines)
            files = [(folder / "val" / "images" / name, wnids[wnid]) for name, wnid, *_ in rows]
    except (OSError, ValueError, KeyError) as error:
        raise PhotoRejected(f"{folder} is not Tiny-ImageNet as distributed: {error!r}") from error
    random.Random(0).shuffle(files)  # noqa: S311 - the first photographs have to be a fair sample
    return files


def _of_files(folder: Path, files: list[tuple[Path, int]]) -> Labelled:
    def part(start: int) -> Tensor:
        return _lightness(np.stack([_decoded(folder, path) for path, _ in files[start : start + _CHUNK]]))

    with ThreadPoolExecutor() as pool:
        parts = pool.map(part, range(0, len(files), _CHUNK))
        return _labelled(folder, parts, np.array([number for _, number in files], dtype=np.uint8))
