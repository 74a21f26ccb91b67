"""Train the finder of damage: python -m model.repair.train PHOTOS OUT [--minutes 60].

PHOTOS holds tars of blocks (model/training/blocks.py). OUT gets finder.pt, the mean of the weights, every few minutes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ..training.minutes import train_for
from .data import crop, read_lightness
from .network import Finder

_RATE, _WARM = 3e-3, 0.02
_SAVED = 300.0  # seconds


def batches(
    photographs: NDArray[np.uint8], size: int, side: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield L* (N,1,S,S) and what is damaged (N,1,S,S) of 0, 1 and 255, without end."""
    rng = np.random.default_rng(seed)
    while True:
        crops = [crop(photographs, side, rng) for _ in range(size)]
        lightness = torch.from_numpy(np.stack([c.lightness for c in crops])[:, None])
        yield lightness, torch.from_numpy(np.stack([c.damaged for c in crops])[:, None])


def loss_of(logits: Tensor, damaged: Tensor) -> Tensor:
    """Return the cross-entropy and the Dice distance where it is known what is damaged."""
    known, truth = (damaged != 255).float(), (damaged == 1).float()
    entropy = binary_cross_entropy_with_logits(logits, truth, known, reduction="sum") / known.sum()
    probability = logits.sigmoid() * known
    overlap = 2 * (probability * truth).sum() / (probability.sum() + truth.sum() + 1)
    return 4 * entropy + 0.5 * (1 - overlap)


def train(
    photographs: NDArray[np.uint8],
    out: Path,
    minutes: float,
    size: int,
    side: int,
    seed: int,
    begun: dict[str, Tensor] | None = None,
) -> None:
    """Train for so many minutes and write `out / "finder.pt"`."""
    torch.manual_seed(seed)
    network = Finder()
    if begun is not None:
        network.load_state_dict(begun)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        lightness, damaged = batch
        return loss_of(network(lightness.contiguous(memory_format=torch.channels_last)), damaged)

    train_for(
        minutes,
        network,
        batches(photographs, size, side, seed),
        loss,
        out / "finder.pt",
        size=size,
        rate=_RATE,
        warm=_WARM,
        saved_every=_SAVED,
    )


def main() -> None:
    """Read the photographs and train."""
    parser = argparse.ArgumentParser(prog="python -m model.repair.train", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--init", type=Path, help="finder.pt to go on from")
    parser.add_argument("--photographs", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--threads", type=int, default=1, help="more only help on idle cores: the layers are small"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    photographs = read_lightness(arguments.photos, arguments.photographs)
    begun = torch.load(arguments.init, weights_only=True) if arguments.init else None
    size, side = arguments.batch, arguments.side
    train(photographs, arguments.out, arguments.minutes, size, side, arguments.seed, begun)


if __name__ == "__main__":
    main()
