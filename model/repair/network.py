"""A small U-Net that gives for each pixel of L* the logit of being damaged; about 0.2 million parameters.

The photograph enters as blocks of 4 x 4 pixels: a line of one pixel is not lost, and no layer works at full size.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle

from ..convolved import convolved

WIDTHS = (32, 48, 64)
_BLOCK = 4  # pixels of a side
STRIDE = 16
"""Sides must be multiples of it."""


class Finder(nn.Module):
    """L* (N,1,H,W), 0..100, to logits (N,1,H,W); H and W multiples of `STRIDE`."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = widths
        self.down = nn.ModuleList(
            convolved(before, width, stride)
            for before, width, stride in zip((_BLOCK**2, *widths), widths, (1, 2, 2), strict=False)
        )
        self.deeper = nn.ModuleList(convolved(width, width, 1) for width in widths)
        # Far surroundings decide whether a line is a wire: seen at the lowest level, with gaps.
        self.wide = nn.Sequential(
            convolved(widths[-1], widths[-1], 1, 2), convolved(widths[-1], widths[-1], 1, 4)
        )
        self.across = nn.ModuleList(nn.Conv2d(low, width, 1) for width, low in pairwise(widths))
        self.up = nn.ModuleList(convolved(width, width, 1) for width in widths[:-1])
        self.answer = nn.Conv2d(widths[0], _BLOCK**2, 3, padding=1)
        assert self.answer.bias is not None
        nn.init.constant_(self.answer.bias, -3.0)  # damage is rare

    def forward(self, lightness: Tensor) -> Tensor:
        x = pixel_unshuffle((lightness - 50) / 25, _BLOCK)
        kept = []
        for down, deeper in zip(self.down, self.deeper, strict=True):
            x = deeper(down(x))
            kept.append(x)
        x = x + self.wide(x)
        for level in reversed(range(len(self.up))):
            # Narrowed before it grows: the same numbers for a quarter of the work.
            x = self.up[level](kept[level] + interpolate(self.across[level](x), scale_factor=2.0))
        return pixel_shuffle(self.answer(x), _BLOCK)
