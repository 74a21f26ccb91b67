"""The layers that the small networks of repair and album pages are made of, and what becomes of them at inference."""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
_NEW = 1 / math.sqrt(3)
"""Length of a new filter (torch draws it so): how fast one turns at a rate of learning depends on its length."""


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


def unfold(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load the weights of a `folded` copy into a network with norms: they add the biases and change nothing else.

    Raises:
        RuntimeError, KeyError: the weights do not fit.
    """
    own = dict(weights)
    for name, _, norm in _normed(network):
        own[f"{name}.1.bias"] = own.pop(f"{name}.0.bias")
        own[f"{name}.1.weight"] = torch.full((norm.num_features,), math.sqrt(1 + norm.eps))
        own[f"{name}.1.running_mean"] = torch.zeros(norm.num_features)
        own[f"{name}.1.running_var"] = torch.ones(norm.num_features)
        own[f"{name}.1.num_batches_tracked"] = torch.tensor(0)
    network.load_state_dict(own)


def settle(network: nn.Module, pictures: Iterable[Tensor]) -> None:
    """Give every norm the statistics of what its filters answer to pictures, and its filters the length of new ones.

    What the network answers in evaluation stays: a norm's factor and bias make up for both. In training it norms by
    each batch, so unless the statistics are those of batches, its first steps lose what it had learned.

    Args:
        network: in evaluation; changed in place.
        pictures: batches of its input.
    """
    found: dict[str, list[Tensor]] = {name: [] for name, _, _ in _normed(network)}
    hooks = [
        layer.register_forward_hook(lambda _, __, answer, own=found[name]: own.append(_moments(answer)))
        for name, layer, _ in _normed(network)
    ]
    with torch.no_grad():
        for batch in pictures:
            network(batch)
        for hook in hooks:
            hook.remove()
        for name, layer, norm in _normed(network):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            mean, square = torch.stack(found[name]).mean(0)
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            bias = norm.bias - gain * norm.running_mean
            length = layer.weight.flatten(1).norm(dim=1).clamp(min=1e-6) / _NEW
            layer.weight /= length[:, None, None, None]
            norm.running_mean.copy_(mean / length)
            norm.running_var.copy_((square - mean**2).clamp(min=0) / length**2)
            norm.weight.copy_(gain * length * torch.sqrt(norm.running_var + norm.eps))
            norm.bias.copy_(bias + gain * mean)


def _moments(answer: Tensor) -> Tensor:
    return torch.stack([answer.mean((0, 2, 3)), (answer**2).mean((0, 2, 3))])


def _normed(network: nn.Module) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Give each filter with a norm behind it, and the name of both."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential) and isinstance(layer := module[0], nn.Conv2d):
            norm = module[1]
            assert isinstance(norm, nn.BatchNorm2d)
            yield name, layer, norm
