"""Photographs as old scans show them: one kind of age each, seeded, for measuring what each kind costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..color import linear_rgb, luminance_lightness
from ..training import ageing, emulsion
from ..training.draws import Draws

TILES = 8  # of a panorama


@dataclass(frozen=True)
class Scan:
    """L* 0..100 of a scan, and where on it the photograph lies: once, or side by side in mirrored tiles."""

    lightness: Tensor  # (H,W)
    rows: slice
    columns: slice
    tiles: int = 1


Kind = Callable[[Tensor, Draws], Scan]  # of CIELAB (1,3,S,S) and draws of one


def _same(lightness: Tensor) -> Scan:
    height, width = lightness.shape[2:]
    return Scan(lightness[0, 0].clamp(0, 100), slice(height), slice(width))


def _clean(lab: Tensor, _: Draws) -> Scan:
    return _same(lab[:, :1])


def _film(blue: float, orthochromatic: float, overexposed: float) -> Kind:
    def take(lab: Tensor, draws: Draws) -> Scan:
        exposure = emulsion.expose(linear_rgb(lab).clamp(0, 1), 1, blue, orthochromatic, draws)
        exposure = emulsion.overexpose(exposure, overexposed, draws)
        return _same(luminance_lightness(exposure.clamp(0, 1)))

    return take


def _faded(lab: Tensor, draws: Draws) -> Scan:
    return _same(100 * draws.between(0.1, 0.5) + lab[:, :1] * draws.between(0.2, 0.5))


def _dark(lab: Tensor, draws: Draws) -> Scan:
    return _same(lab[:, :1] * draws.between(0.25, 0.4))


def _halftone(lab: Tensor, draws: Draws) -> Scan:
    return _same(100 * ageing.halftone(lab[:, :1] / 100, 1, draws))


def _scratched(lab: Tensor, draws: Draws) -> Scan:
    return _same(100 * ageing.scratch(ageing.dust(lab[:, :1] / 100, 1, draws), 1, draws))


def _mounted(lab: Tensor, draws: Draws) -> Scan:
    """Put it on white, grey or black card, its margins an eighth to a third of its side."""
    side = lab.shape[2]
    top, bottom, left, right = (side * draws.between(1 / 8, 1 / 3, 4)[0]).int().tolist()
    tones = draws.between(82, 98), draws.between(3, 25), draws.between(30, 70)
    tone = tones[int(draws.between(0, 2.999))]
    page = (
        tone[0, 0] + draws.between(0.3, 2.5)[0, 0] * draws.noise(side + top + bottom, side + left + right)[0]
    )
    rows, columns = slice(top, top + side), slice(left, left + side)
    page[rows, columns] = lab[0, 0]
    return Scan(page.clamp(0, 100), rows, columns)


def _panorama(lab: Tensor, _: Draws) -> Scan:
    lightness = lab[0, 0]
    strip = torch.cat([lightness.flip(1) if i % 2 else lightness for i in range(TILES)], 1)
    return Scan(strip, slice(strip.shape[0]), slice(strip.shape[1]), TILES)


KINDS: Mapping[str, Kind] = {
    "clean": _clean,
    "blue": _film(1, 0, 0),
    "ortho": _film(0, 1, 0),
    "overexposed": _film(1, 0, 1),
    "faded": _faded,
    "dark": _dark,
    "halftone": _halftone,
    "scratched": _scratched,
    "mounted": _mounted,
    "panorama": _panorama,
}
