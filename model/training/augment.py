"""Random crops, and the effects of ageing and scanning on a photograph's light; all on the batch's device."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .film import Film, on_film
from .stored import STRIDE, Stored


def generator(*numbers: int, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a random generator that depends on `numbers` alone: a step can be drawn again after a restart."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return torch.Generator(device).manual_seed(seed)


class Batch(NamedTuple):
    """A batch: the network's input and the expected answer."""

    lightness: Tensor  # (B,1,S,S), L* 0..100, as an old photograph may show it
    ab: Tensor  # (B,2,S/4,S/4), the truth; 0 under a mount
    clean: Tensor  # (B,1,S,S), the same crops' own L*
    shown: Tensor  # (B,1,S/4,S/4), 1 where the photograph is, 0 under a mount
    window: Tensor  # (B,2,3), where in the stored photographs the crops lie, see `draw_windows`


def augment(
    stored: Stored,
    side: int,
    random: torch.Generator,
    *,
    smallest: float = 0.55,
    age: bool = True,
    film: Film | None = None,
) -> Batch:
    """Crop and flip photographs, and age them or take them on old film; all on their device."""
    lightness, ab = stored.lab()
    window = draw_windows(len(ab), random, smallest)
    clean, ab = crop(lightness, window, side), crop(ab, window, side // STRIDE)
    shown = torch.ones_like(ab[:, :1])
    if film is not None and film.share:
        lightness, shown = on_film(clean, ab, film, random)
        return Batch(lightness, ab * shown, clean, shown, window)
    return Batch(age_lightness(clean, random) if age else clean, ab, clean, shown, window)


def draw_windows(count: int, random: torch.Generator, smallest: float = 0.55) -> Tensor:
    """Draw windows as affine maps (B,2,3): `smallest` to 1 of a side, aspect +-20 %, half of them mirrored."""

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random, device=random.device)

    scale, stretch = draw(smallest, 1.0), torch.exp(draw(-0.5, 0.5) * np.log(1.2))
    width, height = (scale * stretch).clamp(max=1), (scale / stretch).clamp(max=1)
    flip = torch.where(draw(0, 1) < 0.5, -1.0, 1.0)
    theta = torch.zeros(count, 2, 3, device=random.device)
    theta[:, 0, 0], theta[:, 1, 1] = width * flip, height
    theta[:, 0, 2], theta[:, 1, 2] = draw(-1, 1) * (1 - width), draw(-1, 1) * (1 - height)
    return theta


def crop(images: Tensor, windows: Tensor, side: int) -> Tensor:
    """Resample a window (B,2,3) of each image (B,C,S,S) to (B,C,side,side)."""
    grid = F.affine_grid(windows, [len(images), images.shape[1], side, side], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def age_lightness(lightness: Tensor, random: torch.Generator) -> Tensor:
    """Apply ageing and scanning to L* (B,1,S,S): gamma, fading, blur and grain, each to some photographs."""
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
