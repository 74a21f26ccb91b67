"""The one network of the study: five plain stages on grey photographs. Every way learns it, every use reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from photochrom.errors import ModelRejected
from photochrom.files import replacing

from ..color import lab

WIDTHS = (32, 64, 96, 128, 160)
STRIDES = (2, 2, 2, 2, 1)
"""Of each stage: a photograph of 64 px gives maps of 32, 16, 8, 4 and 4 px."""
FIRST = 7
"""Pixels of the first stage's filters: large enough to look at."""
_SIDE, _COLORS = 3, 3


class Encoder(nn.Module):
    """Five stages of convolution, batch normalisation and ReLU.

    Args:
        widths: channels of each stage; a multiple of `halves`.
        channels: of the input; 1 is L* as `grey` gives it.
        halves: 1, or 2: both halves of the channels see the photograph, but never each other, so that two tasks
            can learn side by side (Zhang 2017). A half's share of every map lies together.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, channels: int = 1, halves: int = 1) -> None:
        super().__init__()
        self.widths, self.channels, self.halves = widths, channels, halves
        sources = (channels, *widths[:-1])
        self.stages = nn.ModuleList(
            _stage(source, width, stride, halves if number else 1)
            for number, (source, width, stride) in enumerate(zip(sources, widths, STRIDES, strict=True))
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in torch's stub

    def forward(self, grey: Tensor) -> list[Tensor]:
        """Return the map (N,width,h,w) of every stage, from inputs (N,channels,H,W)."""
        maps = [grey.contiguous(memory_format=torch.channels_last)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Self:
        """Rebuild an encoder from its weights, which tell its shape.

        Raises:
            ModelRejected: they are not an encoder's.
        """
        try:
            filters = [state[f"stages.{number}.0.weight"] for number in range(len(STRIDES))]
            widths = tuple(len(weight) for weight in filters)
            encoder = cls(widths, filters[0].shape[1], widths[0] // filters[1].shape[1])
            encoder.load_state_dict(dict(state))
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelRejected(f"These are not the weights of a study's encoder: {error}") from error
        return encoder

    @classmethod
    def joined(cls, one: "Encoder", other: "Encoder") -> Self:
        """Lay two encoders of the same shape side by side: each becomes a half of every map."""
        widths = tuple(map(sum, zip(one.widths, other.widths, strict=True)))
        both = cls(widths, one.channels, halves=2)
        states = one.state_dict(), other.state_dict()
        first = states[0]
        both.load_state_dict(
            {
                name: torch.cat([state[name] for state in states]) if first[name].ndim else first[name]
                for name in first
            }
        )
        return both

    def write(self, path: Path) -> None:
        """Write the weights, whole or not at all."""
        with replacing(path) as file:
            torch.save({name: weight.cpu() for name, weight in self.state_dict().items()}, file)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read `encoder.pt`.

        Raises:
            ModelRejected: it is missing, damaged or not an encoder's.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError) as error:
            raise ModelRejected(f"{path} is not a readable encoder: {error}") from error
        return cls.of(state)


def grey(rgb: Tensor) -> Tensor:
    """Return the input (N,1,H,W) of uint8 RGB (N,3,H,W): L* 0..100 as -1..1."""
    return of_lightness(lab(rgb.float() / 255)[:, :1])


def of_lightness(lightness: Tensor) -> Tensor:
    """Return the input (N,1,H,W) of L* (N,1,H,W) in 0..100: -1..1."""
    return lightness / 50 - 1


def _stage(source: int, width: int, stride: int, groups: int) -> nn.Sequential:
    side = FIRST if source <= _COLORS else _SIDE
    filters = nn.Conv2d(source, width, side, stride, side // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(filters.weight, nonlinearity="relu")
    return nn.Sequential(filters, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
