"""From the scene to the print, in linear light: 1 is the white of the photograph as it is.

Every effect takes a batch (B,1,S,S), the share of photographs that it happens to, and the batch's draws.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.color import RGB_TO_RELATIVE_XYZ
from photochrom.photo.film import SENSITIVITIES, Film

from .draws import Draws

_LUMINANCE = RGB_TO_RELATIVE_XYZ[1]  # what the eye weighs R, G and B by
_BRIGHT = 0.02  # share of the pixels that lie above the 98th percentile
_LARGEST_GAIN = 3.0
_TAPS = 3  # of a blur to each side, in pixels


def expose(light: Tensor, share: float, blue: float, orthochromatic: float, draws: Draws) -> Tensor:
    """Weigh linear RGB (B,3,S,S) as an emulsion does: (B,1,S,S).

    Silver halide by itself sees blue and ultraviolet only; dyes made it see green from 1873 (orthochromatic) and red
    from 1906 on (Mees 1942, "The Theory of the Photographic Process"). Luo et al. 2021 ("Time-Travel Rephotography")
    model the same three kinds.
    """
    kind = draws.numbers(1, 1, 1)
    of_blue, of_both = (
        torch.cat([draws.between(*ends) for ends in SENSITIVITIES[film].ranges], 1)
        for film in (Film.BLUE, Film.ORTHOCHROMATIC)
    )
    of_any = -draws.between(1e-6, 1, 3, 1, 1).log()  # over its sum: Dirichlet's even distribution
    weights = torch.where(kind < blue, of_blue, torch.where(kind < blue + orthochromatic, of_both, of_any))
    weights = weights / weights.sum(1, keepdim=True)
    chosen = draws.some(share)
    parts = [torch.where(chosen[:, 0], weights[:, i], float(_LUMINANCE[i])) * light[:, i] for i in range(3)]
    return torch.stack(parts).sum(0)[:, None]


def overexpose(exposure: Tensor, share: float, draws: Draws) -> Tensor:
    """Bring the 98th percentile to .9 to 1.6 of white.

    Slow plates were exposed for the shadows, and their skies went white.
    """
    coarse = exposure[:, :, ::4, ::4].flatten(1)  # enough for a percentile
    bright = coarse.topk(max(1, round(_BRIGHT * coarse.shape[1])), 1).values[:, -1:, None, None]
    gain = (draws.between(0.9, 1.6) / bright.clamp(min=1e-3)).clamp(max=_LARGEST_GAIN)
    return exposure * torch.where(draws.some(share), gain, 1.0)


def vignette(exposure: Tensor, share: float, draws: Draws) -> Tensor:
    """Let light fall off towards the corners by cos^4, half a field of 17 to 42 degrees away."""
    tangent = draws.between(0.3, 0.9) * draws.some(share)
    rows, columns = _places(exposure)
    return exposure / (1 + (rows**2 + columns**2) / 2 * tangent**2) ** 2


def halate(exposure: Tensor, share: float, draws: Draws) -> Tensor:
    """Spread what is brighter than .7 of white around it.

    That light passed the emulsion and came back from the back of the plate (Mees 1942).
    """
    spread = F.avg_pool2d((exposure - 0.7).clamp(min=0), 8)
    for _ in range(2):
        spread = F.avg_pool2d(spread, 3, 1, 1)
    wide = F.interpolate(spread, exposure.shape[2:], mode="bilinear", align_corners=False)
    return exposure + draws.between(0.2, 0.8) * draws.some(share) * wide


def blur(exposure: Tensor, share: float, draws: Draws) -> Tensor:
    """Blur by a Gaussian of .5 to 1.7 pixels, as old lenses and copies of copies do."""
    sigma = torch.where(
        draws.some(share), draws.between(0.5, 1.7), 0.05
    )  # of .05 it leaves every pixel alone
    for dimension in (2, 3):
        exposure = _blur_along(exposure, sigma, dimension)
    return exposure


def _blur_along(x: Tensor, sigma: Tensor, dimension: int) -> Tensor:
    size, pad = x.shape[dimension], (0, 0, _TAPS, _TAPS) if dimension == 2 else (_TAPS, _TAPS, 0, 0)
    wide = F.pad(x, pad, mode="replicate")
    taps = [torch.exp(-0.5 * (tap / sigma) ** 2) for tap in range(_TAPS + 1)]
    total = x
    for tap, weight in enumerate(taps[1:], 1):
        before, after = (wide.narrow(dimension, _TAPS + step, size) for step in (-tap, tap))
        total = torch.addcmul(total, weight, before + after)
    return total / (taps[0] + 2 * sum(taps[1:]))


def develop(exposure: Tensor, share: float, draws: Draws) -> Tensor:
    """Turn exposure into the light of the print, 0..1: by a curve with toe and shoulder, or by clipping at white.

    `E^g (1 + k) / (E^g + k)` is logistic in log E, the S of Hurter and Driffield 1890; g bends its toe, a small k its
    shoulder. White stays white.
    """
    power, knee = draws.between(0.9, 1.5), draws.scale(0.25, 3)
    bent = exposure.clamp(min=1e-6) ** power
    bent = bent * (1 + knee) / (bent + knee)
    return torch.where(draws.some(share), bent, exposure).clamp(0, 1)


def grain(x: Tensor, share: float, draws: Draws) -> Tensor:
    """Add grain to lightness 0..1, fine and coarse, most in the middle tones.

    Grains that cover a share u vary by u (1 - u): Newson, Delon and Galerne 2017, "A Stochastic Film Grain Model for
    Resolution-Independent Rendering".
    """
    fine, small = draws.noise(*x.shape[1:]), draws.noise(1, x.shape[2] // 2, x.shape[3] // 2)
    coarse = 1.6 * F.interpolate(
        small, x.shape[2:], mode="bilinear", align_corners=False
    )  # of variance 1 again
    strength = draws.between(0.005, 0.05) * draws.some(share)
    return x + strength * (0.35 + 2.6 * x * (1 - x)) * fine.lerp(coarse, draws.numbers(1, 1, 1))


def _places(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows (S,1) and columns (S) from -1 to 1."""
    rows, columns = (torch.linspace(-1, 1, side, device=x.device) for side in x.shape[2:])
    return rows[:, None], columns
