"""Hypercolumns (Larsson 2016): what all stages say about one pixel, and a linear layer that reads them.

A linear layer and bilinear enlargement may change places: the layer is applied to each small map, and only its answers
are enlarged. In training only sampled positions are looked at, as Larsson did.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..encoder import STRIDES, Encoder
from .head import Layer


class Segmenter(nn.Module):
    """An encoder with one linear layer on its hypercolumns."""

    def __init__(self, encoder: Encoder, layer: Layer) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight, self.bias = nn.Parameter(layer.weight), nn.Parameter(layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (N,classes,H,W) of inputs (N,1,H,W)."""
        height, width = inputs.shape[2:]
        parts = zip(self._answers(inputs), strides(), strict=True)
        logits = self.bias[:, None, None].expand(len(inputs), -1, height, width).clone()
        for answer, stride in parts:
            logits += enlarged(answer, stride, height, width)
        return logits

    def sampled(self, inputs: Tensor, places: Tensor) -> Tensor:
        """Return logits (N,P,classes) at places (N,P,2) as x, y in pixels."""
        answers = self._answers(inputs)
        columns = [sample(answer, stride, places) for answer, stride in zip(answers, strides(), strict=True)]
        return torch.stack(columns).sum(0) + self.bias

    def _answers(self, inputs: Tensor) -> list[Tensor]:
        maps = self.encoder(inputs)
        weights = torch.split(self.weight, list(self.encoder.widths), 1)
        return [F.conv2d(part, weight[:, :, None, None]) for part, weight in zip(maps, weights, strict=True)]


def hypercolumns(encoder: Encoder, inputs: Tensor, places: Tensor) -> Tensor:
    """Return the hypercolumns (N,P,D) at places (N,P,2), x, y in pixels; D is the sum of all widths."""
    maps = encoder(inputs)
    return torch.cat([sample(part, stride, places) for part, stride in zip(maps, strides(), strict=True)], 2)


def strides() -> list[int]:
    """Return the pixels from one place of each stage's map to the next."""
    return [int(torch.tensor(STRIDES[: number + 1]).prod()) for number in range(len(STRIDES))]


def sample(maps: Tensor, stride: int, places: Tensor) -> Tensor:
    """Return (N,P,C) of a map (N,C,h,w) between its places, bilinearly; place i is pixel i * stride."""
    ends = torch.tensor([maps.shape[3] - 1, maps.shape[2] - 1], device=maps.device).clamp(min=1)
    grid = places / stride / ends * 2 - 1
    drawn = F.grid_sample(maps, grid[:, None], padding_mode="border", align_corners=True)
    return drawn[:, :, 0].transpose(1, 2)


def enlarged(maps: Tensor, stride: int, height: int, width: int) -> Tensor:
    """Return (N,C,height,width): pixel i * stride is the map's place i, and the last place goes on to the edge."""
    full = [(side - 1) * stride + 1 for side in maps.shape[2:]]
    large = F.interpolate(maps, full, mode="bilinear", align_corners=True)[..., :height, :width]
    rest = (0, width - large.shape[3], 0, height - large.shape[2])
    return F.pad(large, rest, mode="replicate")
