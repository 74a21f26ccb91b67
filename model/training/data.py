"""Photographs from tar shards or folders, held on the device or streamed."""

import io
import random
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from photochrom.errors import PhotoRejected

from ..color import lab
from ..progress import Count
from .augment import generator

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MUTED_CHROMA = 5.0  # mean C*: below it a photograph teaches that its kind of scene is grey
ONE_TONE = 4.0  # root of the summed variance of a* and b*: below it sepia, cyanotype, one filter over all
FLAT_SHARE = 0.7  # of pixels equal to their right neighbour: drawings and screenshots
_SHUFFLE = 2048  # photographs in the streamed shuffle buffer


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


# ---------------------------------------------------------------- two sources, one shape: uint8 (B,3,S,S)


class HeldPhotos:
    """All photographs as uint8 on the device; a batch is a function of the seed and the step alone."""

    def __init__(self, squares: Tensor, batch: int, seed: int) -> None:
        self.squares, self.batch, self.seed = squares, batch, seed

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
        squares, left_out = list[NDArray[np.uint8]](), Counter[str]()
        total = None if limit else sum(map(count_photos, sources))
        with Count("decoded", total, quiet=quiet) as count:
            for square in _squares(sources, side):
                if isinstance(square, str):
                    left_out[square] += 1
                else:
                    squares.append(square)
                count.add()
                if len(squares) == limit:
                    break
            reasons = ", ".join(f"{number} {reason}" for reason, number in left_out.most_common())
            count.end(f"kept {len(squares)} photographs" + (f", left out {reasons}" if reasons else ""))
        if len(squares) < batch:
            raise PhotoRejected(f"Only {len(squares)} colour photographs in {[str(s) for s in sources]}.")
        return cls(torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).to(device), batch, seed)

    @property
    def size(self) -> int:
        """Photographs in one epoch."""
        return len(self.squares)

    def batches(self, step: int, rank: int = 0, world: int = 1) -> Iterator[Tensor]:
        """Yield batches (B,3,S,S) from `step` on, for ever: every epoch its own order, shared among ranks."""
        per_epoch = max(1, len(self.squares) // (self.batch * world))
        while True:
            epoch, place = divmod(step, per_epoch)
            order = torch.randperm(len(self.squares), generator=generator(self.seed, epoch))
            start = (place * world + rank) * self.batch
            yield self.squares[order[start : start + self.batch].to(self.squares.device)]
            step += 1


def _squares(sources: Sequence[Path], side: int) -> Iterator[NDArray[np.uint8] | str]:
    """Decode a window of files at a time: reading them all first would hold the whole set twice."""
    files = (data for source in sources for _, data in read_photos(source))
    with ThreadPoolExecutor() as pool:
        while window := [data for data, _ in zip(files, range(512), strict=False)]:
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

    def batches(self, step: int, rank: int = 0, world: int = 1) -> Iterator[Tensor]:
        """Yield batches (B,3,S,S) for ever; `step` only changes the order."""
        self.share, self.step = (rank, world), step
        pinned = torch.cuda.is_available()
        yield from DataLoader(self, self.batch, num_workers=self.workers, pin_memory=pinned, drop_last=True)

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
