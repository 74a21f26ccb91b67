"""Train the finder of damage: python -m model.repair.train PHOTOS OUT [--minutes 60].

PHOTOS holds tars of blocks (model/training/blocks.py). OUT gets finder.pt, the mean of the weights, every few minutes.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from photochrom.progress import Line

from .data import crop, read_lightness
from .network import Finder

_RATE, _WARM = 3e-3, 0.02
_DECAY = 0.99


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
    average = get_ema_multi_avg_fn(_DECAY)  # type: ignore[no-untyped-call]
    mean = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=1e-4)
    line, began, saved, losses = Line(), time.monotonic(), time.monotonic(), [0.0]
    for step, (lightness, damaged) in enumerate(batches(photographs, size, side, seed), 1):
        place = (time.monotonic() - began) / (60 * minutes)
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, place / _WARM + 0.01) * (0.01 + 0.99 * _cosine(place))
        loss = loss_of(network(lightness.contiguous(memory_format=torch.channels_last)), damaged)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        losses = [*losses[-99:], loss.item()]
        if step % 20 == 0:
            rate = step * size / (60 * minutes * place)
            line.show(f"step {step} ({place:.0%})  loss {np.mean(losses):.4f}  {rate:.1f} crops/s")
        if place >= 1 or time.monotonic() - saved > 300:
            saved = time.monotonic()
            torch.save(mean.module.state_dict(), out / "finder.pt")
        if place >= 1:
            return


def _cosine(place: float) -> float:
    return float(0.5 + 0.5 * np.cos(np.pi * min(place, 1.0)))


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
