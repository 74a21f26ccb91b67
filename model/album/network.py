"""Two small U-Nets: one sees a whole page, the other the surroundings of one print; 0.9 million parameters in all.

`Pages` gives for each cell of 4 x 4 pixels the log odds of lying on a print, the distances from there to the four sides
of that print, and its angle; and for the picture the log odds of being a page. Cells vote for whole prints, so that
prints that touch come apart. `Sides` gives for each row and column where the four sides of one print cross it, and for
the picture the log odds that there is just one print.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..convolved import convolved

PAGE_SIDE, PAGE_CELL = 256, 4
PRINT_SIDE, PRINT_CELL = 128, 2
"""Pixels of what a network sees, a square, and of a cell of its answer."""
REACH = 16.0
"""Pixels: distances to sides are given as multiples of it, by their logarithms."""
TURN = 0.2
"""Radians: angles are given as multiples of it."""


class UNet(nn.Module):
    """RGB (N,3,S,S), 0..255, to a map (N,answers,S/cell,S/cell) and one number (N)."""

    def __init__(self, widths: tuple[int, ...], first: int, answers: int) -> None:
        super().__init__()
        self.stem = convolved(3, 16, 2)
        self.down = nn.ModuleList(
            convolved(before, width, stride)
            for before, width, stride in zip((16, *widths), widths, (first, 2, 2, 2), strict=False)
        )
        self.deeper = nn.ModuleList(convolved(width, width, 1) for width in widths)
        # How far the far side of a print lies is seen at the lowest level, with gaps.
        self.wide = nn.ModuleList(convolved(widths[-1], widths[-1], 1, gap) for gap in (1, 2, 3))
        self.across = nn.ModuleList(nn.Conv2d(low, width, 1) for width, low in pairwise(widths))
        self.up = nn.ModuleList(convolved(width, width, 1) for width in widths[:-1])
        self.answer = nn.Conv2d(widths[0], answers, 1)
        self.whole = nn.Linear(2 * widths[-1], 1)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem((picture - 128) / 64)
        kept = []
        for down, deeper in zip(self.down, self.deeper, strict=True):
            x = down(x)
            x = x + deeper(x)
            kept.append(x)
        for wide in self.wide:
            x = x + wide(x)
        whole = self.whole(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))[:, 0]
        for level in reversed(range(len(self.up))):
            # Narrowed before it grows: the same numbers for a quarter of the work.
            x = kept[level] + interpolate(self.across[level](x), scale_factor=2.0)
            x = x + self.up[level](x)
        return self.answer(x), whole


class Pages(UNet):
    """A page (N,3,256,256) to a map (N,6,64,64) and the log odds of a page (N).

    The map: log odds, distances to the left, upper, right and lower side, angle; see `REACH` and `TURN`.
    """

    def __init__(self) -> None:
        super().__init__((24, 40, 64, 96), 2, 6)


class Sides(UNet):
    """A print (N,3,128,128) to a map (N,4,64,64): left, above, right, below; and the log odds of one print.

    The first and third hold in each row how likely each column is the side, the others the same in each column, as
    logits of a softmax.
    """

    def __init__(self) -> None:
        super().__init__((20, 36, 56, 72), 1, 4)
