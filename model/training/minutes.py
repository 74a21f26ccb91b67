"""Train a small network for so many minutes: the whole schedule by the clock, and its mean weights in one file."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from photochrom.progress import Line

Batch = TypeVar("Batch")
_DECAY = 0.99


def train_for(
    minutes: float,
    network: nn.Module,
    batches: Iterable[Batch],
    loss_of: Callable[[Batch], Tensor],
    out: Path,
    *,
    size: int,
    rate: float,
    warm: float,
    saved_every: float,
) -> None:
    """Train, and write the mean of the weights.

    Args:
        minutes: of the whole schedule: warm-up, then a cosine down to a hundredth.
        network: changed in place.
        batches: without end.
        loss_of: of one batch, by the network.
        out: the .pt to write, now and then and at the end.
        size: crops of a batch.
        rate: of learning, at its highest (AdamW, Loshchilov and Hutter 2019).
        warm: the share of the time until it is that high.
        saved_every: seconds.
    """
    average = get_ema_multi_avg_fn(_DECAY)  # type: ignore[no-untyped-call]
    mean = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-4)
    line, began, saved, losses = Line(), time.monotonic(), time.monotonic(), [0.0]
    for step, batch in enumerate(batches, 1):
        place = (time.monotonic() - began) / (60 * minutes)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, place / warm + 0.01) * (0.01 + 0.99 * _cosine(place))
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        losses = [*losses[-99:], loss.item()]
        if step % 20 == 0:
            pace = step * size / (60 * minutes * place)
            line.show(f"step {step} ({place:.0%})  loss {np.mean(losses):.4f}  {pace:.1f} crops/s")
        if place >= 1 or time.monotonic() - saved > saved_every:
            saved = time.monotonic()
            torch.save(mean.module.state_dict(), out)
        if place >= 1:
            return


def _cosine(place: float) -> float:
    return float(0.5 + 0.5 * np.cos(np.pi * min(place, 1.0)))
