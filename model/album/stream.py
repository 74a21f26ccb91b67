"""Processes that read photographs and draw from them all along, as fast as their cores are."""

import logging
import multiprocessing
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.processes.parent_death import end_with_parent

from ..training.blocks import Block, decode_block, read_block, read_index
from ..training.stored import Stored
from .draw import draw_with
from .sheets import Rng
from .views import Views, views

Bytes = NDArray[np.uint8]
_EVERY = 24
"""Pictures that are drawn until the next block is read."""
_FIRST = 3
"""Blocks that are read before anything is drawn."""
_MOST = 16_000
"""Photographs that a process keeps."""
_FAILURES = 500  # one after the other
_SETTLED = 2.0  # seconds since anything was written to a tar: it is whole
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """Which blocks a process reads: each `of`-th, from this number on; the first of a tar are held out."""

    number: int
    of: int
    held: int = 2


class Photographs:
    """The photographs of a process: more of them with each call of `read_more`, also from tars that come later."""

    def __init__(self, folder: Path, part: Part) -> None:
        """Read nothing yet."""
        self._folder, self._part = folder, part
        self._lightness, self._ab = list[Bytes](), list[Bytes]()
        self._left: Iterator[tuple[Path, Block]] = iter(())
        self._known: set[Path] = set()

    def __len__(self) -> int:
        return len(self._lightness)

    def read_more(self) -> None:
        """Read a block, if there is another one and room for it."""
        if len(self) >= _MOST:
            return
        found = next(self._left, None)
        if found is None:
            self._look()
            return
        self._keep(_decoded(*found))

    def _look(self) -> None:
        for path in sorted(set(self._folder.glob("*.tar")) - self._known):
            if time.time() - path.stat().st_mtime < _SETTLED:
                continue
            blocks = read_index(path)
            if blocks:
                self._known.add(path)
                self._left = (
                    (path, block) for block in blocks[self._part.held :][self._part.number :: self._part.of]
                )
                return

    def _keep(self, stored: Stored) -> None:
        self._lightness += list(np.asarray(stored.lightness)[:, 0])
        self._ab += list(np.asarray(stored.ab))

    def draw(self, rng: Rng) -> Bytes:
        """Return one (256, 256, 3), RGB."""
        number = int(rng.integers(len(self)))
        return rgb(self._lightness[number], self._ab[number])


def held_out(path: Path, blocks: int) -> list[Bytes]:
    """Return the photographs (256, 256, 3) that no `Part` with so many blocks held out draws."""
    found = list[Bytes]()
    for block in read_index(path)[:blocks]:
        stored = _decoded(path, block)
        found += [
            rgb(light[0], ab)
            for light, ab in zip(np.asarray(stored.lightness), np.asarray(stored.ab), strict=True)
        ]
    return found


def rgb(lightness: Bytes, ab: Bytes) -> Bytes:
    """Return RGB (h, w, 3) of L* (h, w), 255 for 100, and ab (2, h/4, w/4), 128 for 0."""
    large = cv2.resize(ab.transpose(1, 2, 0), lightness.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(np.dstack([lightness, large]), cv2.COLOR_LAB2RGB), np.uint8)


def _decoded(path: Path, block: Block) -> Stored:
    with tarfile.open(path) as tar:
        return decode_block(*read_block(tar, block))


def draw_into(queue: "Queue[Views]", folder: Path, part: Part, seed: int) -> None:
    """Draw until the process or its parent is ended, each picture another one; what fails is logged and left out."""
    if (parent := multiprocessing.parent_process()) is not None and parent.pid is not None:
        end_with_parent(parent.pid)
    cv2.setNumThreads(1)
    os.nice(5)
    photographs, rng, failures = Photographs(folder, part), np.random.default_rng((33, seed, part.number)), 0
    while failures < _FAILURES:
        try:
            for _ in range(1 if len(photographs) else _FIRST + 1):
                photographs.read_more()
            if not len(photographs):
                time.sleep(0.2)
                continue
            for _ in range(_EVERY):
                drawn = draw_with(lambda: photographs.draw(rng), rng)
                queue.put(views(drawn, rng))
            failures = 0
        except Exception:
            failures += 1
            _log.exception("A picture could not be drawn.")
            time.sleep(0.1)
