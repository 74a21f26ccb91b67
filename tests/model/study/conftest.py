"""Photographs for the study, at the size that its network sees, and the smallest network for them."""

import pytest
import torch
from torch import Tensor

from model.study.photographs import Batch, color_counts, view
from model.study.ways.task import Known
from model.training.stored import Stored

WIDTHS = (8, 8, 12, 12, 16)


def skies(count: int) -> Tensor:
    """Bright blue above dark green grain, at random horizons: uint8 RGB (N,3,64,64). Any way can learn them."""
    random = torch.Generator().manual_seed(0)
    rows = torch.arange(64)[None, :, None]
    horizon = torch.randint(16, 48, (count, 1, 1), generator=random)
    light = 130 + 1.5 * rows.float().expand(count, 64, 64)
    grain = (
        torch.rand(count, 16, 16, generator=random).mul(80).repeat_interleave(4, 1).repeat_interleave(4, 2)
    )
    sky = torch.stack([0.6 * light, 0.8 * light, 1.1 * light], 1)
    grass = torch.stack([0.8 * grain, 1.2 * grain, 0.35 * grain], 1)
    return torch.where((rows < horizon)[:, None], sky, grass).clamp(0, 255).byte()


@pytest.fixture(scope="session")
def stored() -> Stored:
    return Stored.of_rgb(skies(64))


@pytest.fixture(scope="session")
def known(stored: Stored) -> Known:
    return Known(WIDTHS, color_counts(stored.ab), classes=2)


@pytest.fixture
def batch(stored: Stored) -> Batch:
    """Views of 16 photographs at 32 px, and two classes: the horizon lies high, or low."""
    labels = (stored.lightness[:, 0, 32, 32] > 128).long()
    return view(stored.take(torch.arange(16)), 32, torch.Generator().manual_seed(1), labels)


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(2)
