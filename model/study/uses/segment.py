"""Segmentation: a class for every pixel of CamVid's streets, from a frozen encoder and from one that learns, too."""

from copy import deepcopy
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..encoder import Encoder
from ..labelled import VOID, Labelled, Sets, network_input
from ..measures import accuracy, confusion, mean_iou
from .budget import UsesBudget
from .descent import descend
from .figures import Figure
from .head import fit_layer
from .hypercolumns import Segmenter, hypercolumns
from .ready import calibrated

CLASSES = VOID
_FRAMES = 8  # at a time
_MORE = 8  # times as many places where the maps have to be made anyway
_CALIBRATION = 64  # frames whose statistics batch normalisation takes


class Columns(NamedTuple):
    """Sampled pixels of all frames."""

    features: Tensor  # (M,D)
    labels: Tensor  # (M,)


def run(encoder: Encoder, data: Sets, budget: UsesBudget, seed: int) -> list[Figure]:
    """Return mean IoU over 11 classes and the share of right pixels (0..1), without and with a learning encoder."""
    frames, test = data.frames.evenly(budget.frames), data.test_frames.evenly(budget.test_frames)
    probe = probed(encoder, frames, budget, seed)
    return [
        *_figures("segment", measured(probe, test)),
        *_figures("segment-finetune", measured(tuned(probe, frames, budget, seed), test)),
    ]


def probed(encoder: Encoder, frames: Labelled, budget: UsesBudget, seed: int) -> Segmenter:
    """Train the linear layer alone, on hypercolumns that are sampled once."""
    frozen = calibrated(encoder, frames.evenly(_CALIBRATION).inputs(_FRAMES))
    columns = sampled_columns(frozen, frames, budget.positions, seed)
    weights = class_weights(columns.labels)
    return Segmenter(frozen, fit_layer(*columns, budget.head_steps, seed, weights))


def tuned(probe: Segmenter, frames: Labelled, budget: UsesBudget, seed: int) -> Segmenter:
    """Train a copy of encoder and layer at sampled positions of whole frames, mirrored at random.

    The statistics of batch normalisation stay: so few frames at a time would disturb them more than learning helps.
    """
    segmenter, drawn = deepcopy(probe).eval(), _generator(seed)
    labels = sampled_labels(frames, budget.positions, seed)[1]
    weights = class_weights(labels[labels != VOID])

    def loss() -> Tensor:
        batch = drawn_frames(frames, budget.segment_batch, drawn)
        seed_of_places = int(torch.randint(2**31, (), generator=drawn))
        places, truth = sampled_labels(batch, _MORE * budget.positions, seed_of_places)
        logits = segmenter.sampled(network_input(batch.lightness), places)
        return F.cross_entropy(logits.flatten(0, 1), truth.flatten(), weights, ignore_index=VOID)

    descend(segmenter.parameters(), loss, budget.segment_steps, budget.segment_rate)
    return segmenter


@torch.no_grad()
def measured(segmenter: Segmenter, frames: Labelled) -> Tensor:
    """Return the confusion (11,11) over all pixels that have a class."""
    total = torch.zeros(CLASSES, CLASSES, dtype=torch.long, device=frames.labels.device)
    for inputs, truth in zip(frames.inputs(_FRAMES), torch.split(frames.labels, _FRAMES), strict=True):
        total += confusion(segmenter(inputs).argmax(1), truth, CLASSES)
    return total


@torch.no_grad()
def sampled_columns(encoder: Encoder, frames: Labelled, positions: int, seed: int) -> Columns:
    """Return the hypercolumns at random pixels of every frame, those without a class left out."""
    places, labels = sampled_labels(frames, positions, seed)
    batches = zip(frames.inputs(_FRAMES), torch.split(places, _FRAMES), strict=True)
    features = torch.cat([hypercolumns(encoder, inputs, part) for inputs, part in batches])
    known = labels != VOID
    return Columns(features[known], labels[known])


def sampled_labels(frames: Labelled, positions: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw places (N,P,2) as x, y in pixels, and return their labels (N,P)."""
    count, height, width = frames.labels.shape
    flat = torch.randint(height * width, (count, positions), generator=_generator(seed)).to(
        frames.labels.device
    )
    return torch.stack([flat % width, flat // width], 2).float(), frames.labels.flatten(1).gather(1, flat)


def class_weights(labels: Tensor) -> Tensor:
    """Return weights (11,): one over the root of a class' frequency, for poles to count beside roads."""
    counts = torch.bincount(labels, minlength=CLASSES).float()
    weights = counts.clamp(min=1).rsqrt()
    return weights * counts.sum() / (weights * counts).sum()


def drawn_frames(frames: Labelled, count: int, drawn: torch.Generator) -> Labelled:
    """Draw random frames, half of them mirrored."""
    chosen = frames.take(torch.randint(len(frames.labels), (count,), generator=drawn))
    mirrored = (torch.rand(count, 1, 1, generator=drawn) < 0.5).to(frames.labels.device)
    lightness = torch.where(mirrored[:, None], chosen.lightness.flip(3), chosen.lightness)
    return Labelled(lightness, torch.where(mirrored, chosen.labels.flip(2), chosen.labels))


def _figures(use: str, counts: Tensor) -> list[Figure]:
    return [
        Figure(use, None, None, "miou", mean_iou(counts)),
        Figure(use, None, None, "pixels", accuracy(counts)),
    ]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
