"""The first stages of the colorizer's encoder, statistics of their last map and of lightness, and one plane between."""

import copy

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..network import Colorizer, Encoder

SIDE = 192
"""Of the square that it sees, in pixels."""
_STAGES = 5
_LEVELS = tuple(level / 10 for level in range(1, 10))
_LEAST = 1e-4


class Features(nn.Module):
    """Numbers of a photograph: mean and spread of each channel at stride 16, and how its lightness is spread."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.stem, self.stem_norm = copy.deepcopy(encoder.stem), copy.deepcopy(encoder.stem_norm)
        self.stages = copy.deepcopy(encoder.stages[:_STAGES])
        self.register_buffer("levels", torch.tensor(_LEVELS)[:, None, None])

    levels: Tensor

    def forward(self, lightness: Tensor) -> Tensor:
        """Return (N,F) of L* (N,1,S,S), 0..100, S a multiple of 16."""
        x = ((lightness / 100 * 255 - 127) / 128).expand(-1, 3, -1, -1)
        x = F.relu6(self.stem_norm(self.stem(x)))
        for stage in self.stages:
            x = stage(x)
        mean = x.mean((2, 3))
        spread = (x.square().mean((2, 3)) - mean.square()).clamp(min=_LEAST).sqrt()
        # How much lies above each level, and by how much: what a histogram tells, in steps that ONNX has.
        above = F.relu(lightness / 100 - self.levels).mean((2, 3))
        return torch.cat([mean, spread, above], 1)


class Recognizer(nn.Module):
    """Features and a plane between two kinds of photographs."""

    def __init__(self, colorizer: Colorizer) -> None:
        super().__init__()
        self.features = Features(colorizer.encoder)
        with torch.inference_mode():
            count = self.features.eval()(torch.zeros(1, 1, SIDE, SIDE)).shape[1]
        self.plane = nn.Linear(count, 1)
        self.eval()

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the logit (N,) of L* (N,1,S,S): above 0 rather old film than not, before any threshold."""
        oldness: Tensor = self.plane(self.features(lightness))[:, 0]
        return oldness
