"""Measures of one recoloured photograph against the truth, each a function of batches returning (N,).

RGB is (N,3,H,W) in 0..255 (whole numbers where a published figure needs them), ab is (N,2,H,W).
"""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

_SSIM_WINDOW, _SSIM_SIGMA = 11, 1.5
_STRONG_AB_STEP = 2.0  # ab per pixel; below it the truth counts as smooth
_FLAT_LIGHTNESS_STEP = 1.0  # L* per pixel


def psnr(given: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB over 8-bit RGB; 100 dB for equal photographs."""
    error = (given - truth).square().flatten(1).mean(1)
    return (10 * torch.log10(255**2 / error)).clamp(max=100)


def rmse(given: Tensor, truth: Tensor) -> Tensor:
    """Root mean square error over all elements, for ab in CIELAB units."""
    return (given - truth).square().flatten(1).mean(1).sqrt()


def colourfulness(rgb: Tensor) -> Tensor:
    """Hasler and Suesstrunk (2003): sigma + 0.3 mu of the opponent pair R-G, (R+G)/2-B; 0 for grey."""
    r, g, b = rgb.flatten(2).unbind(1)
    rg, yb = r - g, (r + g) / 2 - b
    sigma = torch.hypot(rg.std(1, correction=0), yb.std(1, correction=0))
    return sigma + 0.3 * torch.hypot(rg.mean(1), yb.mean(1))


def ssim(given: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004), mean over RGB: Gaussian 11x11 of sigma 1.5, valid places."""
    axis = torch.arange(_SSIM_WINDOW, dtype=given.dtype, device=given.device) - _SSIM_WINDOW // 2
    bell = torch.exp(-axis.square() / (2 * _SSIM_SIGMA**2))
    window = torch.outer(bell, bell)[None, None] / bell.sum() ** 2

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x, window.expand(x.shape[1], -1, -1, -1), groups=x.shape[1])

    mu_x, mu_y = mean(given), mean(truth)
    var_x, var_y = mean(given**2) - mu_x**2, mean(truth**2) - mu_y**2
    covariance = mean(given * truth) - mu_x * mu_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mu_x * mu_y + c1) / (mu_x**2 + mu_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (var_x + var_y + c2)).flatten(1).mean(1)


def bleeding(given: Tensor, truth: Tensor, lightness: Tensor) -> Tensor:
    """Colour steps where the photograph has none: mean ab step where L* and the true ab are both smooth.

    Args:
        given: ab (N,2,H,W).
        truth: ab (N,2,H,W).
        lightness: L* (N,1,H,W).

    Returns:
        (N,) ab per pixel, minus the truth's own mean step there; 0 is as good as the truth.
    """
    step, true_step, light_step = (_steps(x) for x in (given, truth, lightness))
    smooth = ((light_step < _FLAT_LIGHTNESS_STEP) & (true_step < _STRONG_AB_STEP)).float()
    return ((step - true_step) * smooth).flatten(1).sum(1) / smooth.flatten(1).sum(1).clamp(min=1)


def patchiness(given: Tensor, truth: Tensor, lightness: Tensor, side: int = 32) -> Tensor:
    """How much colour varies within regions of one colour: blotches of a wrong hue on clothes and walls.

    In every window of side x side pixels the given ab's spread (root of its summed variance) beyond the
    truth's, weighted by exp(-(spread of the true ab / 6)^2) so that only windows of one true colour count,
    and by not being plain black or white.

    Returns:
        (N,) ab units; 0 where every region is as even as the truth.
    """

    def spread(x: Tensor) -> Tensor:
        variance = F.avg_pool2d(x**2, side, side // 2) - F.avg_pool2d(x, side, side // 2) ** 2
        return variance.clamp(min=0).sum(1).sqrt()

    light = F.avg_pool2d(lightness, side, side // 2)[:, 0]
    weight = torch.exp(-((spread(truth) / 6) ** 2)) * ((light > 10) & (light < 95))
    excess = (spread(given) - spread(truth)).clamp(min=0)
    return (weight * excess).flatten(1).sum(1) / weight.flatten(1).sum(1).clamp(min=1e-6)


def hellinger(given: Tensor, reference: Tensor) -> Tensor:
    """Return Hellinger's distance (N,) between histograms (N,Q) that sum to 1: 0 alike, 1 nothing in common."""
    return ((given.sqrt() - reference.sqrt()).square().sum(1) / 2).sqrt()


def _steps(x: Tensor) -> Tensor:
    """Length of the step from each pixel to its right and lower neighbours, over channels: (N,H-1,W-1)."""
    right, down = x[..., :-1, 1:] - x[..., :-1, :-1], x[..., 1:, :-1] - x[..., :-1, :-1]
    return torch.hypot(right, down).square().sum(1).sqrt()
