"""Fit the head: of the four turns of a photograph it has to find the upright one."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .network import Turner

RATE, DECAY, SOFTENED = 3e-3, 0.05, 0.05
_BATCH = 32


def turns(lightness: Tensor) -> Tensor:
    """Return (N,4,1,S,S) of L* (N,1,S,S): turned clockwise by 0, 90, 180 and 270 degrees."""
    return torch.stack([torch.rot90(lightness, -quarter, (2, 3)) for quarter in range(4)], 1)


@torch.inference_mode()
def maps_of(turner: Turner, lightness: Tensor) -> Tensor:
    """Return the maps (N,4,C,h,w) of upright photographs (N,1,S,S), turned in each way, as half precision."""
    maps = turner.trunk(turns(lightness).flatten(0, 1)).half()
    parted: Tensor = maps.unflatten(0, (len(lightness), 4))
    return parted


def fit(turner: Turner, maps: Tensor, epochs: int, seed: int) -> Iterator[float]:
    """Fit the head of `turner` to maps (N,4,C,h,w), upright first; yield the loss of each epoch."""
    random = torch.Generator().manual_seed(seed)
    turner.head.know(maps[:400].flatten(0, 1).float())
    optimizer = torch.optim.AdamW(turner.head.parameters(), RATE, weight_decay=DECAY)
    steps = epochs * -(-len(maps) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    for _ in range(epochs):
        turner.head.train()
        losses = []
        for places in torch.split(torch.randperm(len(maps), generator=random), _BATCH):
            logits = turner.head(maps[places].flatten(0, 1).float()).view(-1, 4)
            upright = torch.zeros(len(logits), dtype=torch.long)
            loss = F.cross_entropy(logits, upright, label_smoothing=SOFTENED)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        turner.eval()
        yield sum(losses) / len(losses)


@torch.inference_mode()
def shares(turner: Turner, maps: Tensor) -> Tensor:
    """Return how likely each of the four turns is the upright one, (N,4), of maps (N,4,C,h,w)."""
    logits = [turner.head(part.flatten(0, 1).float()).view(-1, 4) for part in torch.split(maps, _BATCH)]
    return torch.cat(logits).softmax(1)


def decided(likely: Tensor, threshold: float) -> tuple[float, float]:
    """Return the share of photographs with one turn above the threshold, and of those for which it is the wrong one."""
    best = likely.max(1)
    sure = best.values > threshold
    wrong = sure & (best.indices != 0)
    return float(sure.double().mean()), float(wrong.double().mean())
