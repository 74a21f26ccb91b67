"""The heads that several ways share. They are small: what a head knows is lost when the encoder is used."""

import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ...losses import at_positions

_HIDDEN = 64
_DECODED = 256  # channels between a decoder's two layers


class Hypercolumns(nn.Module):
    """All stages at sampled places, a hidden layer and an output layer (Larsson 2016).

    The hidden layer is applied to each map and its answers are brought to one size and added up, which is the same as
    applying it to the column of all stages, and cheaper.
    """

    def __init__(self, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.read = nn.ModuleList(nn.Conv2d(width, _HIDDEN, 1, bias=False) for width in widths)
        self.norm = nn.BatchNorm2d(_HIDDEN)
        self.answer = nn.Linear(_HIDDEN, outputs)

    def forward(self, maps: list[Tensor], places: Tensor) -> Tensor:
        """Return (N,K,outputs) at flat places (N,K) of a map of the second stage's size."""
        size = maps[1].shape[2], maps[1].shape[3]
        # A mean of places and a linear layer may change places: the smaller map goes through the layer.
        small = [F.adaptive_avg_pool2d(part, size) if part.shape[2] > size[0] else part for part in maps]
        answers = (layer(part) for layer, part in zip(self.read, small, strict=True))
        hidden = sum(F.interpolate(part, size, mode="bilinear", align_corners=False) for part in answers)
        columns: Tensor = self.answer(at_positions(F.relu(self.norm(hidden)), places))
        return columns


class Verdict(nn.Module):
    """One answer for a whole photograph, linear in the means of the last map."""

    def __init__(self, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.answer = nn.Linear(widths[-1], outputs)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return (N,outputs)."""
        found: Tensor = self.answer(maps[-1].mean((2, 3)))
        return found


class Decoder(nn.Module):
    """A photograph out of the last map alone: earlier stages would simply hand it through."""

    def __init__(self, widths: tuple[int, ...], stride: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(widths[-1], _DECODED, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(_DECODED, stride**2, 1),
            nn.PixelShuffle(stride),
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return (N,1,S,S)."""
        image: Tensor = self.layers(maps[-1])
        return image
