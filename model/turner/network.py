"""The first stages of the colorizer's encoder, and a head that looks at where on the picture what is."""

import copy

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..network import Colorizer, Encoder
from ..recognizer.network import SIDE

__all__ = ["SIDE", "Turner"]

_STAGES = 5
_CELLS = 4
"""Of each side: what stands above and below is in different cells."""
_WIDTH = 48
_LEAST = 1e-3


class Trunk(nn.Module):
    """Maps of a photograph at stride 16."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.stem, self.stem_norm = copy.deepcopy(encoder.stem), copy.deepcopy(encoder.stem_norm)
        self.stages = copy.deepcopy(encoder.stages[:_STAGES])

    def forward(self, lightness: Tensor) -> Tensor:
        """Return (N,C,S/16,S/16) of L* (N,1,S,S), 0..100."""
        x = ((lightness / 100 * 255 - 127) / 128).expand(-1, 3, -1, -1)
        x = F.relu6(self.stem_norm(self.stem(x)))
        for stage in self.stages:
            x = stage(x)
        return x


class Head(nn.Module):
    """From maps to a logit: the larger, the more the photograph stands upright."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(channels, 1, 1))
        self.register_buffer("scale", torch.ones(channels, 1, 1))
        self.narrow = nn.Conv2d(channels, _WIDTH, 1)
        self.around = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.drop = nn.Dropout(0.3)
        self.plane = nn.Linear(_WIDTH * _CELLS * _CELLS + _WIDTH, 1)

    middle: Tensor
    scale: Tensor

    def know(self, maps: Tensor) -> None:
        """Take the mean and spread of each channel from maps (N,C,h,w)."""
        self.middle.copy_(maps.mean((0, 2, 3))[:, None, None])
        self.scale.copy_(maps.std((0, 2, 3)).clamp(min=_LEAST)[:, None, None])

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N,) of maps (N,C,12,12)."""
        x = F.relu(self.narrow((maps - self.middle) / self.scale))
        x = F.relu(self.around(x))
        cells = F.avg_pool2d(x, x.shape[-1] // _CELLS).flatten(1)
        logit: Tensor = self.plane(self.drop(torch.cat([cells, x.amax((2, 3))], 1)))[:, 0]
        return logit


class Turner(nn.Module):
    """The trunk of a colorizer, which stays as it is, and a head."""

    def __init__(self, colorizer: Colorizer) -> None:
        super().__init__()
        self.trunk = Trunk(colorizer.encoder)
        with torch.inference_mode():
            channels = self.trunk.eval()(torch.zeros(1, 1, SIDE, SIDE)).shape[1]
        self.head = Head(channels)
        self.eval()

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the logit (N,) of L* (N,1,S,S)."""
        upright: Tensor = self.head(self.trunk(lightness))
        return upright
