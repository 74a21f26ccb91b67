"""Photographs from tar shards or folders, held on the device or streamed."""

import io
import random
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from photochrom.errors import PhotoRejected
from photochrom.progress import Count

from ..color import lab
from .augment import generator
from .blocks import block_tars, count_in_blocks, read_blocks
from .stored import STRIDE, Stored

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MUTED_CHROMA = 5.0  # mean C*: below it a photograph teaches that its kind of scene is grey
ONE_TONE = 4.0  # root of the summed variance of a* and b*: below it sepia, cyanotype, one filter over all
FLAT_SHARE = 0.7  # of pixels equal to their right neighbour: drawings and screenshots
_SHUFFLE = 2048  # photographs in the streamed shuffle buffer
_WINDOW = 256  # files that are decoded at a time


# ---------------------------------------------------------------- reading


def read_photos(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, file) of every photograph in a tar, or in a folder of tars and photographs, in order.

    Raises:
        PhotoRejected: there is no such file or folder, or a damaged tar.
    """
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() == ".tar":
                yield from read_photos(path)
            elif path.suffix.lower() in SUFFIXES:
                yield str(path.relative_to(source)), path.read_bytes()
        return
    try:
        with tarfile.open(source) as tar:
            for member in tar:
                file = tar.extractfile(member) if member.name.lower().endswith(SUFFIXES) else None
                if file is not None:
                    yield member.name, file.read()
    except (OSError, tarfile.TarError) as error:
        raise PhotoRejected(f"{source} is neither a folder nor a readable tar of photographs.") from error


def count_photos(source: Path) -> int:
    """Count the photographs that `read_photos` yields, by names alone.

    Raises:
        PhotoRejected: as `read_photos`.
    """
    if source.is_dir():
        files = [path for path in source.rglob("*") if path.suffix.lower() in (".tar", *SUFFIXES)]
        return sum(count_photos(path) if path.suffix.lower() == ".tar" else 1 for path in files)
    try:
        with tarfile.open(source) as tar:
            return sum(name.lower().endswith(SUFFIXES) for name in tar.getnames())
    except (OSError, tarfile.TarError) as error:
        raise PhotoRejected(f"{source} is neither a folder nor a readable tar of photographs.") from error


def count_all(source: Path) -> int:
    """Count the photographs of a source, those in blocks too.

    Raises:
        PhotoRejected: as `read_photos`.
    """
    return count_photos(source) + count_in_blocks(source)


def decode_square(data: bytes, side: int) -> NDArray[np.uint8]:
    """Decode a photograph to RGB (side,side,3): short side to `side`, centre crop; upright by its EXIF tag.

    Raises:
        PhotoRejected: no readable photograph.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as image:
            image.draft("RGB", (2 * side, 2 * side))  # a JPEG decodes straight to a smaller size
            rgb = ImageOps.exif_transpose(image).convert("RGB")
            return np.asarray(ImageOps.fit(rgb, (side, side), Image.Resampling.BICUBIC))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PhotoRejected(f"Not a readable photograph: {error}") from error


def reason_to_skip(rgb: NDArray[np.uint8]) -> str | None:
    """Say why RGB (H,W,3) cannot teach colour ("nearly grey", "of one tone", "flat drawings"); None if it can."""
    flat = (rgb[:, 1:] == rgb[:, :-1]).all(-1)
    coarse = torch.from_numpy(np.ascontiguousarray(rgb[::3, ::3])).permute(2, 0, 1)[None]  # enough for means
    ab = lab(coarse.float() / 255)[0, 1:].flatten(1)
    chroma, spread = ab.norm(dim=0).mean(), ab.var(1).sum().sqrt()
    if flat.mean() > FLAT_SHARE:
        return "flat drawings"
    if chroma < MUTED_CHROMA:
        return "nearly grey"
    return "of one tone" if spread < ONE_TONE else None


def _square_or_reason(data: bytes, side: int) -> NDArray[np.uint8] | str:
    try:
        rgb = decode_square(data, side)
    except PhotoRejected:
        return "unreadable"  # one damaged file among thousands must not end a run
    return reason_to_skip(rgb) or rgb


# ---------------------------------------------------------------- two sources, one shape: `Stored`


class HeldPhotos:
    """All photographs as bytes on the device; a batch is a function of the seed and the step alone."""

    def __init__(self, stored: Stored, batch: int, seed: int) -> None:
        self.stored, self.batch, self.seed = stored, batch, seed
        self._order: tuple[int, Tensor] | None = None  # of one epoch, on the device

    @classmethod
    def load(
        cls,
        sources: Sequence[Path],
        side: int,
        batch: int,
        seed: int,
        device: str,
        limit: int | None,
        *,
        quiet: bool = False,
    ) -> "HeldPhotos":
        """Decode everything with threads; say how far it is, and what was left out, unless `quiet`.

        Raises:
            PhotoRejected: fewer colour photographs than one batch.
        """
        left_out, kept = Counter[str](), 0
        total = min(sum(map(count_all, sources)), limit or sys.maxsize)
        stored = empty(total, side, device)
        with Count(None if limit else total, "decoded", quiet=quiet) as count:
            for part, reasons in _parts(sources, side):
                fitting = part.first(total - kept)
                for place, new in zip(stored[:2], fitting[:2], strict=True):
                    place[kept : kept + len(new)] = new
                kept += len(fitting.lightness)
                left_out.update(reasons)
                count.add(len(part.lightness) + len(reasons))
                if kept == total:
                    break
            reasons_said = ", ".join(f"{number} {reason}" for reason, number in left_out.most_common())
            count.end(f"kept {kept} photographs" + (f", left out {reasons_said}" if reasons_said else ""))
        if kept < batch:
            raise PhotoRejected(f"Only {kept} colour photographs in {[str(s) for s in sources]}.")
        return cls(stored.first(kept), batch, seed)

    @property
    def size(self) -> int:
        """Photographs in one epoch."""
        return len(self.stored.lightness)

    def batches(self, step: int, rank: int = 0, world: int = 1) -> Iterator[Stored]:
        """Yield batches from `step` on, for ever: every epoch its own order, shared among ranks."""
        per_epoch = max(1, self.size // (self.batch * world))
        while True:
            epoch, place = divmod(step, per_epoch)
            start = (place * world + rank) * self.batch
            yield self.stored.take(self._epoch(epoch)[start : start + self.batch])
            step += 1

    def _epoch(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            order = torch.randperm(self.size, generator=generator(self.seed, epoch))
            self._order = epoch, order.to(self.stored.lightness.device)
        return self._order[1]


def empty(count: int, side: int, device: str) -> Stored:
    """Return room for so many photographs."""
    small = side // STRIDE
    return Stored(
        torch.empty(count, 1, side, side, dtype=torch.uint8, device=device),
        torch.empty(count, 2, small, small, dtype=torch.uint8, device=device),
    )


def _parts(sources: Sequence[Path], side: int) -> Iterator[tuple[Stored, list[str]]]:
    """Yield photographs, and why others are left out, some hundreds at a time."""
    for path in (path for source in sources for path in block_tars(source)):
        for block in read_blocks(path):
            yield block.resized(side), []
    squares = _squares(sources, side)
    while window := list(islice(squares, _WINDOW)):
        good = [square for square in window if not isinstance(square, str)]
        reasons = [square for square in window if isinstance(square, str)]
        rgb = np.stack(good) if good else np.zeros((0, side, side, 3), np.uint8)
        yield Stored.of_rgb(torch.from_numpy(rgb).permute(0, 3, 1, 2)), reasons


def _squares(sources: Sequence[Path], side: int) -> Iterator[NDArray[np.uint8] | str]:
    """Decode a window of files at a time: reading them all first would hold the whole set twice."""
    files = (data for source in sources for _, data in read_photos(source))
    with ThreadPoolExecutor() as pool:
        while window := [data for data, _ in zip(files, range(_WINDOW), strict=False)]:
            yield from pool.map(lambda data: _square_or_reason(data, side), window)


class StreamedPhotos(IterableDataset[Tensor]):
    """Photographs decoded by worker processes, for sets larger than memory.

    Every worker reads its share of the files in passes and shuffles within a buffer. Unlike `HeldPhotos`,
    a resumed run sees its photographs in another order.
    """

    def __init__(self, sources: Sequence[Path], side: int, batch: int, seed: int, workers: int) -> None:
        self.sources, self.side, self.batch, self.seed, self.workers = sources, side, batch, seed, workers
        self.share, self.step = (0, 1), 0

    @property
    def size(self) -> int:
        """Photographs in one pass, grey ones included; no `__len__`, for the stream has no end."""
        return sum(map(count_photos, self.sources))

    def batches(self, step: int, rank: int = 0, world: int = 1) -> Iterator[Stored]:
        """Yield batches for ever; `step` only changes the order."""
        self.share, self.step = (rank, world), step
        pinned = torch.cuda.is_available()
        loader = DataLoader(self, self.batch, num_workers=self.workers, pin_memory=pinned, drop_last=True)
        yield from map(Stored.of_rgb, loader)

    def __iter__(self) -> Iterator[Tensor]:
        worker, (rank, world) = get_worker_info(), self.share
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        shuffle = random.Random(f"{self.seed} {self.step} {rank} {number}")  # noqa: S311 - not a secret
        buffer: list[Tensor] = []
        while True:
            seen = 0
            for index, (_, data) in enumerate(pair for s in self.sources for pair in read_photos(s)):
                if index % (world * workers) != rank * workers + number:
                    continue
                rgb = _square_or_reason(data, self.side)
                if not isinstance(rgb, str):
                    seen += 1
                    buffer.append(torch.from_numpy(rgb.copy()).permute(2, 0, 1))
                if len(buffer) > _SHUFFLE:
                    yield buffer.pop(shuffle.randrange(len(buffer)))
            if not seen:
                raise PhotoRejected(f"No colour photographs for worker {number} in {self.sources}.")
            shuffle.shuffle(buffer)
            yield from buffer
            buffer.clear()
