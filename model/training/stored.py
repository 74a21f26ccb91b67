"""Photographs as training keeps them: L* at full size, and ab at the quarter of it that the network answers at."""

from typing import NamedTuple

import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..color import lab
from ..predict import recolour

STRIDE = 4
"""Pixels of L* to one place of ab, along each side."""
_LEVELS, _ZERO = 2.55, 128  # L* 100 is 255; a* = 0 is 128


class Stored(NamedTuple):
    """Photographs as bytes; `numbers` says which ones of a held set they are."""

    lightness: Tensor  # uint8 (N,1,S,S), 0..255 is L* 0..100
    ab: Tensor  # uint8 (N,2,S/4,S/4), 128 is 0: means over 4 x 4 pixels
    numbers: Tensor | None = None  # (N,)

    @classmethod
    def of_rgb(cls, squares: Tensor) -> "Stored":
        """Reduce uint8 RGB (N,3,S,S), S a multiple of 4."""
        colors = lab(squares.float() / 255)
        lightness, ab = colors[:, :1] * _LEVELS, F.avg_pool2d(colors[:, 1:], STRIDE) + _ZERO
        return cls(lightness.round().clamp(0, 255).byte(), ab.round().clamp(0, 255).byte())

    def to(self, device: str) -> "Stored":
        """Return the same photographs on a device."""
        numbers = None if self.numbers is None else self.numbers.to(device)
        return Stored(
            self.lightness.to(device, non_blocking=True), self.ab.to(device, non_blocking=True), numbers
        )

    def take(self, index: Tensor) -> "Stored":
        """Return some of the photographs, by their places in this set."""
        return Stored(self.lightness[index], self.ab[index], index)

    def first(self, count: int) -> "Stored":
        """Return the first photographs."""
        return Stored(self.lightness[:count], self.ab[:count])

    def resized(self, side: int) -> "Stored":
        """Return the photographs at side x side pixels; at their own size they stay to the bit."""
        if side == self.lightness.shape[-1]:
            return self
        return Stored(_resize(self.lightness, side), _resize(self.ab, side // STRIDE))

    def lab(self) -> tuple[Tensor, Tensor]:
        """Return L* (N,1,S,S) in 0..100 and ab (N,2,S/4,S/4)."""
        return self.lightness.float() / _LEVELS, self.ab.float() - _ZERO

    def rgb(self) -> Tensor:
        """Return 8-bit RGB (N,3,S,S), its chroma enlarged bilinearly."""
        return recolour(*self.lab())[1].byte()


def enlarge(ab: Tensor) -> Tensor:
    """Bring ab (B,2,S/4,S/4) to the size of the lightness, bilinearly."""
    return F.interpolate(ab, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)


def _resize(images: Tensor, side: int) -> Tensor:
    resized = F.interpolate(images.float(), (side, side), mode="bilinear", antialias=True)
    return resized.round().byte()
