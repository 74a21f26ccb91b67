"""Photographs in blocks: tars of AVIF mosaics, the most compact form of a training set.

A tar holds `index.tsv` (a line a block: its number, the count of its photographs, the source of each), `sources.tsv`
(a line a source: number, name, what it shows) and for every block two grey mosaics of 10 x 10 photographs:
`NNNN-L.avif` has L* at 256 px (0..255 is L* 0..100), `NNNN-ab.avif` a* beside b* at 64 px each (128 is 0).
"""

import io
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import PhotoRejected

from .stored import Stored

SIDE = 256
"""Pixels of a photograph's side in a block."""
_ROW = 10  # photographs in a row and in a column of a mosaic
_INDEX, _SOURCES = "index.tsv", "sources.tsv"


class Block(NamedTuple):
    """One line of the index."""

    number: str
    photographs: int
    sources: tuple[int, ...]


def block_tars(source: Path) -> list[Path]:
    """Return the tars of blocks in a source: the source itself, or those anywhere in the folder."""
    found = sorted(source.rglob("*.tar")) if source.is_dir() else [source]
    return [path for path in found if read_index(path)]


def read_index(path: Path) -> list[Block]:
    """Return the blocks of a tar; empty if it has none.

    Raises:
        PhotoRejected: its index is damaged.
    """
    text = _read_text(path, _INDEX)
    try:
        lines = [line.split("\t") for line in text.splitlines()]
        return [
            Block(number, int(count), tuple(map(int, sources.split(",")))) for number, count, sources in lines
        ]
    except ValueError as error:
        raise PhotoRejected(f"The index of {path} is damaged: {error}") from error


def count_in_blocks(source: Path) -> int:
    """Count the photographs in the blocks of a source, without decoding any."""
    return sum(block.photographs for path in block_tars(source) for block in read_index(path))


def count_by_kind(sources: Sequence[Path]) -> Counter[str]:
    """Count the photographs by what their source shows, as `sources.tsv` says."""
    counts = Counter[str]()
    for path in (path for source in sources for path in block_tars(source)):
        rows = (line.split("\t") for line in _read_text(path, _SOURCES).splitlines())
        shows = {int(row[0]): row[-1] for row in rows}
        counts.update(shows[source] for block in read_index(path) for source in block.sources)
    return counts


def read_blocks(path: Path) -> Iterator[Stored]:
    """Decode the blocks of a tar in threads, in their order: up to 100 photographs of 256 px each.

    Raises:
        PhotoRejected: a block is missing or damaged.
    """
    with tarfile.open(path) as tar, ThreadPoolExecutor() as pool:
        files = (read_block(tar, block) for block in read_index(path))
        yield from pool.map(lambda file: decode_block(*file), files)  # Pillow releases the GIL


def read_block(tar: tarfile.TarFile, block: Block) -> tuple[bytes, bytes, int]:
    """Read what `decode_block` takes.

    Raises:
        PhotoRejected: a mosaic is missing.
    """
    return _read(tar, f"{block.number}-L.avif"), _read(tar, f"{block.number}-ab.avif"), block.photographs


def decode_block(lightness: bytes, ab: bytes, count: int) -> Stored:
    """Decode the two mosaics of a block of `count` photographs.

    Raises:
        PhotoRejected: a mosaic is damaged, or of another size.
    """
    small = SIDE // 4
    try:
        light = _grey(lightness).reshape(_ROW, SIDE, _ROW, SIDE).swapaxes(1, 2)
        colors = _grey(ab).reshape(_ROW, small, _ROW, 2, small).transpose(0, 2, 3, 1, 4)
    except (OSError, ValueError, SyntaxError) as error:
        raise PhotoRejected(f"A damaged block of photographs: {error}") from error
    return Stored(
        torch.from_numpy(light.reshape(-1, 1, SIDE, SIDE)[:count].copy()),
        torch.from_numpy(colors.reshape(-1, 2, small, small)[:count].copy()),
    )


def _grey(file: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(file), formats=["AVIF"]) as image:
        return np.asarray(image.convert("L"))


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    try:
        file = tar.extractfile(name)
    except KeyError as error:
        raise PhotoRejected(f"{tar.name!s} has no {name}; the tar is incomplete.") from error
    return file.read() if file else b""


def _read_text(path: Path, name: str) -> str:
    try:
        with tarfile.open(path) as tar:
            return _read(tar, name).decode()
    except (OSError, tarfile.TarError, PhotoRejected):
        return ""  # not a tar of blocks: `read_photos` reports what it is
