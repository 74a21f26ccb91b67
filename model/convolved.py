"""The layers that the small networks of repair and album pages are made of, and what becomes of them at inference."""

import copy
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def convolved(before: int, width: int, stride: int, gap: int = 1) -> nn.Sequential:
    """Return a filter of 3 x 3, its norm and a ramp: (N,before,H,W) to (N,width,H/stride,W/stride).

    Args:
        before: channels.
        width: channels of the answer.
        stride: pixels from one answer to the next.
        gap: pixels between the places that a filter sees (dilation, Yu and Koltun 2016).
    """
    layer = nn.Conv2d(before, width, 3, stride, padding=gap, dilation=gap, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def folded(network: Network) -> Network:
    """Return a copy whose norms are folded into the filters before them, for inference alone."""
    result = copy.deepcopy(network).eval()
    for module in result.modules():
        if isinstance(module, nn.Sequential) and isinstance(layer := module[0], nn.Conv2d):
            norm = module[1]
            assert isinstance(norm, nn.BatchNorm2d)
            module[0] = torch.nn.utils.fuse_conv_bn_eval(layer, norm)
            module[1] = nn.Identity()
    return result
