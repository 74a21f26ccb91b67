"""Random crops, and what a century and a scanner do to a photograph's light; all on the batch's device."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..color import lab


def generator(*numbers: int, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a random generator that depends on `numbers` alone: a step can be drawn again after a restart."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return torch.Generator(device).manual_seed(seed)


class Batch(NamedTuple):
    """What the network sees and should answer."""

    lightness: Tensor  # (B,1,S,S), L* 0..100, aged
    ab: Tensor  # (B,2,S,S), the truth


def augment(
    squares: Tensor, side: int, random: torch.Generator, *, smallest: float = 0.55, age: bool = True
) -> Batch:
    """Crop, flip and age uint8 squares (B,3,S,S); all on their device."""
    pixels = random_crop(squares.float() / 255, side, random, smallest).clamp(0, 1)
    colours = lab(pixels)
    lightness, ab = colours[:, :1], colours[:, 1:]
    return Batch(age_lightness(lightness, random) if age else lightness, ab)


def random_crop(images: Tensor, side: int, random: torch.Generator, smallest: float = 0.55) -> Tensor:
    """Resample a random window of each image (B,C,S,S) to (B,C,side,side): `smallest` to 1 of it, aspect +-20 %."""

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(len(images), generator=random, device=images.device)

    scale, stretch = draw(smallest, 1.0), torch.exp(draw(-0.5, 0.5) * np.log(1.2))
    width, height = (scale * stretch).clamp(max=1), (scale / stretch).clamp(max=1)
    flip = torch.where(draw(0, 1) < 0.5, -1.0, 1.0)
    theta = torch.zeros(len(images), 2, 3, device=images.device)
    theta[:, 0, 0], theta[:, 1, 1] = width * flip, height
    theta[:, 0, 2], theta[:, 1, 2] = draw(-1, 1) * (1 - width), draw(-1, 1) * (1 - height)
    grid = F.affine_grid(theta, [len(images), images.shape[1], side, side], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def age_lightness(lightness: Tensor, random: torch.Generator) -> Tensor:
    """Do to L* (B,1,S,S) what a century and a scanner do: gamma, fading, blur and grain, each on some."""
    n, device = len(lightness), lightness.device

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, 1, 1, 1, generator=random, device=device)

    def on_some(share: float, changed: Tensor, kept: Tensor) -> Tensor:
        return torch.where(draw(0, 1) < share, changed, kept)

    x = lightness / 100
    x = on_some(0.35, x.clamp(min=1e-4) ** torch.exp(draw(-0.45, 0.45)), x)
    black, white = draw(0, 0.25), draw(0.75, 1)
    x = on_some(0.35, black + (white - black) * x, x)
    x = on_some(0.25, F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1), x)
    grain = torch.randn(x.shape, generator=random, device=device) * draw(0, 0.06)
    return 100 * on_some(0.35, x + grain, x).clamp(0, 1)
