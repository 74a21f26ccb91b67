"""Train both networks on drawn pictures: python -m model.album.train pages DRAWINGS OUT [--minutes 40], then `sides`.

DRAWINGS is a folder of `model.album.draw`. OUT gets pages.pt or sides.pt, the mean of the weights, every few minutes.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..training.minutes import train_for
from .crossings import prints
from .drawings import Drawings
from .losses import Seeing, loss_of_pages, loss_of_sides
from .network import Pages, Sides, UNet
from .votes import pages

_WARM = 0.03
_SAVED = 120.0  # seconds


@dataclass(frozen=True)
class Task:
    """A network, what it learns from, and by which loss."""

    name: str
    network: UNet
    batches: Iterator[tuple[NDArray[np.float32], ...]]
    size: int
    """Crops of a batch."""
    loss: Callable[[Seeing, tuple[Tensor, ...]], Tensor]


def task_of(name: str, drawings: Drawings, size: int) -> Task:
    """Return the task called `pages` or `sides`, with batches of this size."""
    if name == "pages":
        return Task(name, Pages(), pages(drawings, size), size, loss_of_pages)
    return Task(name, Sides(), prints(drawings, size), size, loss_of_sides)


def train(task: Task, out: Path, minutes: float, rate: float) -> None:
    """Train for so many minutes and write the weights to a folder."""
    network = task.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_of(batch: tuple[NDArray[np.float32], ...]) -> Tensor:
        given = tuple(torch.from_numpy(each) for each in batch)
        seen = given[0].contiguous(memory_format=torch.channels_last)
        return task.loss(network, (seen, *given[1:]))

    train_for(
        minutes,
        network,
        task.batches,
        loss_of,
        out / f"{task.name}.pt",
        size=task.size,
        rate=rate,
        warm=_WARM,
        saved_every=_SAVED,
    )


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(prog="python -m model.album.train", description=__doc__)
    parser.add_argument("which", choices=("pages", "sides"))
    parser.add_argument("drawings", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--init", type=Path, help="weights to go on from")
    parser.add_argument("--rate", type=float, default=3e-3, help="of learning; 1e-3 with --init")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    drawings = Drawings(arguments.drawings, np.random.default_rng(arguments.seed))
    task = task_of(arguments.which, drawings, arguments.batch)
    if arguments.init:
        task.network.load_state_dict(torch.load(arguments.init, weights_only=True))
    train(task, arguments.out, arguments.minutes, arguments.rate)


if __name__ == "__main__":
    main()
