"""What every way learns from: unlabelled photographs, and those with labels for the upper bound."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..training.stored import STRIDE, Stored
from .photographs import SIDE, color_counts
from .ways.task import Known


class Material(NamedTuple):
    """Photographs on the device of learning."""

    photographs: Stored
    labelled: Stored
    labels: Tensor  # (N,), of `labelled`
    known: Known


def gather(
    stored: Stored, lightness: Tensor, labels: Tensor, classes: int, widths: tuple[int, ...]
) -> Material:
    """Bring photographs to where the labelled ones are.

    Args:
        stored: the unlabelled photographs.
        lightness: of those with labels, uint8 (N,1,64,64).
        labels: their classes (N,).
        classes: how many there are.
        widths: of the encoder.
    """
    device = str(lightness.device)
    no_color = torch.full((len(labels), 2, *(SIDE // STRIDE,) * 2), 128, dtype=torch.uint8, device=device)
    known = Known(widths, color_counts(stored.ab), classes)
    return Material(stored.to(device), Stored(lightness, no_color), labels, known)
