"""From the print to the scan, in lightness: 0 is black, 1 is white.

Every effect takes a batch (B,1,S,S), the share of photographs that it happens to, and the batch's draws.
Wan et al. 2020 ("Bringing Old Photos Back to Life") train on such synthetic damage, too.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.seeing.stretch import ENDS, line

from .draws import Draws

_SCRATCHES = 3


def mount(x: Tensor, stride: int, share: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Cover margins of up to a fifth of the side by paper, black card or an oval; some prints have a white rim.

    Returns:
        Lightness, and (B,1,S/stride,S/stride): 1 where the photograph still is.
    """
    rows, columns = _cells(x, stride)
    near = draws.between(0, 0.2, 4, 1, 1) * (draws.numbers(4, 1, 1) < 0.8) * draws.some(share)
    top, bottom, left, right = (near[:, side : side + 1] for side in range(4))
    upright = torch.minimum(rows - top, 1 - bottom - rows)
    inner = torch.minimum(upright, torch.minimum(columns - left, 1 - right - columns))
    oval = ((2 * rows - 1 - top + bottom) / (1 - top - bottom)) ** 2
    oval = oval + ((2 * columns - 1 - left + right) / (1 - left - right)) ** 2
    round_, any_ = draws.some(0.15 * share), draws.some(0.5)
    shown = torch.where(round_, oval < 1, inner > 0)
    rim = (inner > -draws.between(0.01, 0.05)) & any_
    kind, light, black, grey = (draws.between(*ends) for ends in ((0, 1), (0.7, 1), (0, 0.15), (0.25, 0.65)))
    card = torch.where(kind < 0.6, light, torch.where(kind < 0.85, black, grey))
    around = torch.where(rim, draws.between(0.85, 1), card)
    full, around = (
        part.repeat_interleave(stride, 2).repeat_interleave(stride, 3) for part in (shown, around)
    )
    paper = around + 0.01 * draws.noise(*x.shape[1:])
    return torch.where(full, x, paper), shown.to(x.dtype)


def gamma(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Print it harder or softer, lighter or darker: powers of .6 to 1.8."""
    return x.clamp(min=1e-4) ** torch.where(draws.some(share), draws.scale(0.6, 1.8), 1.0)


def fade(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Let black rise to at most .3 and white fall to at least .55."""
    chosen = draws.some(share)
    black = draws.between(0, 0.3) * chosen
    white = torch.where(chosen, draws.between(0.55, 1), 1.0)
    return black + (white - black) * x


def stain(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Make parts lighter or darker by a soft field: stains, and silver that went unevenly."""
    field = F.interpolate(draws.noise(1, 4, 4), x.shape[2:], mode="bicubic", align_corners=False)
    return x + field * draws.between(0.02, 0.1) * draws.some(share)


def halftone(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Print through a screen of round dots, 2.2 to 5 pixels apart, sharp or soft.

    Ulichney 1987, "Digital Halftoning".
    """
    rows, columns = (torch.arange(side, device=x.device) for side in x.shape[2:])
    angle, turn = draws.between(0, math.pi / 2), 2 * math.pi / draws.between(2.2, 5)
    along = (columns * angle.cos() + rows[:, None] * angle.sin()) * turn
    across = (rows[:, None] * angle.cos() - columns * angle.sin()) * turn
    screen = 0.5 + 0.25 * (along.cos() + across.cos())
    dots = torch.sigmoid((x - screen) / draws.between(0.06, 0.25))
    return x.lerp(dots, draws.between(0.3, 1) * draws.some(share))


def dust(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Put specks of 3 or 5 pixels on it, light or dark, up to one in 4,000 pixels."""
    specks = (draws.numbers(*x.shape[1:]) < draws.scale(1e-5, 2.5e-4) * draws.some(share)).to(x.dtype)
    specks = torch.where(draws.some(0.3), F.max_pool2d(specks, 5, 1, 2), F.max_pool2d(specks, 3, 1, 1))
    return x.lerp(_tone(draws), specks * draws.between(0.4, 1))


def scratch(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Draw up to three scratches or hairs: lines of about a pixel, straight or wavy, anywhere."""
    rows, columns = (torch.arange(side, device=x.device) / side for side in x.shape[2:])
    pixel, chosen, tone = 1 / x.shape[2], draws.some(share), _tone(draws)
    for _ in range(_SCRATCHES):
        angle = draws.between(0, math.pi)
        along = (columns - 0.5) * angle.cos() + (rows[:, None] - 0.5) * angle.sin()
        across = (rows[:, None] - 0.5) * angle.cos() - (columns - 0.5) * angle.sin()
        wave = draws.between(0, 0.03) * (along * draws.between(3, 20) + draws.between(0, 6)).sin()
        off = (across - draws.between(-0.6, 0.6) - wave) / (pixel * draws.between(0.4, 1.2))
        begins = torch.sigmoid((along - draws.between(-0.7, 0.2)) / 0.01)
        x = x.lerp(tone, torch.exp(-(off**2)) * begins * draws.between(0.2, 0.9) * chosen)
    return x


def seen(x: Tensor) -> Tensor:
    """Stretch what is faded, dark or flat, as a worker does before the network sees it."""
    coarse = 100 * x[:, :, ::4, ::4].flatten(1)  # enough for percentiles
    ends = torch.tensor(ENDS, dtype=x.dtype, device=x.device) / 100
    low, high = torch.quantile(coarse, ends, 1)
    gain, offset = (value[:, None, None, None] for value in line(low, high))
    shown: Tensor = gain * x + offset / 100
    return shown


def _tone(draws: Draws) -> Tensor:
    """Return what damage shows: white where the emulsion is gone, dark where dirt lies; (B,1,1,1)."""
    return torch.where(draws.some(0.65), draws.between(0.85, 1), draws.between(0, 0.2))


def _cells(x: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Return rows (h,1) and columns (w) of the centres of cells, from 0 to 1."""
    rows, columns = (
        (torch.arange(side // stride, device=x.device) + 0.5) / (side // stride) for side in x.shape[2:]
    )
    return rows[:, None], columns
