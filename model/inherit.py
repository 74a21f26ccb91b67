"""Start a network of another shape from the weights of a trained one.

Every tensor with the same name and shape is copied: encoder, context, hints, palette, classes, bins. The 3x3 layers of
a lean decoder become the best low-rank factors of the old decoder's (truncated SVDs). All else starts as in a new
network.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .network import Colorizer, NetworkConfig, Squeezed, Up


@dataclass(frozen=True)
class Inherited:
    """A network, and the names of its tensors by their origin."""

    network: Colorizer
    taken: tuple[str, ...]
    factored: tuple[str, ...]
    anew: tuple[str, ...]

    def __str__(self) -> str:
        anew = ", ".join(self.anew) or "none"
        return f"{len(self.taken)} tensors taken, {len(self.factored)} are factors of others, anew: {anew}"


@torch.no_grad()
def inherit(old: Colorizer, config: NetworkConfig) -> Inherited:
    """Return a network with the shape of `config` that starts as near to `old` as its shape allows."""
    new = Colorizer(old.bins, old.log_weight, config)
    weights, given = old.state_dict(), new.state_dict()
    names = [name for name in given if not name.endswith("num_batches_tracked")]
    taken = [name for name in names if name in weights and weights[name].shape == given[name].shape]
    for name in taken:
        given[name].copy_(weights[name])
    factored = _factor_decoder(old, new) if _can_factor(old.config, config) else set[str]()
    factored -= set(taken)
    anew = [name for name in names if name not in factored and name not in taken]
    return Inherited(new, tuple(taken), tuple(sorted(factored)), tuple(anew))


def _can_factor(old: NetworkConfig, new: NetworkConfig) -> bool:
    """Return whether the new decoder is a lean version of the old one."""
    same = (old.encoder, old.context, old.decoder) == (new.encoder, new.context, new.decoder)
    return same and old.head == new.head == "unet" and old.narrow is None and old.squeeze is None


def _factor_decoder(old: Colorizer, new: Colorizer) -> set[str]:
    """Fill the new decoder's steps; return the names of their layers."""
    skips, loud = old.encoder.channels, torch.ones(old.config.context)
    readers = (old.up8.merge, old.up4.merge, old.classify)
    for stride, reader in zip((16, 8, 4), readers, strict=True):
        a, b = getattr(old, f"up{stride}"), getattr(new, f"up{stride}")
        _factor_step(a, b, torch.cat([loud, torch.ones(skips[stride])]), reader)
        loud = _loudness(a.refine_norm)
    layers = tuple(f"up{stride}.{name}." for stride in (16, 8, 4) for name in ("narrow", "merge", "refine"))
    return {name for name in new.state_dict() if name.startswith(layers)}


def _factor_step(old: Up, new: Up, loud: Tensor, reader: nn.Module) -> None:
    """Fill a step whose inputs are as large as `loud` (I,) and whose outputs `reader` reads first."""
    first, second = _weight(old.merge), _weight(old.refine)
    if isinstance(new.merge, Squeezed):
        first = _squeeze(first, new.merge, old.merge_norm, new.merge_norm, second, loud)
    if isinstance(new.refine, Squeezed):
        between = _loudness(old.merge_norm)
        second = _squeeze(second, new.refine, old.refine_norm, new.refine_norm, _weight(reader), between)
    if new.narrow is not None:
        count = new.narrow.in_channels
        before, behind = _narrow(first[:, :count], loud[:count], new.narrow.out_channels)
        new.narrow.weight.copy_(before)
        first = torch.cat([behind, first[:, count:]], 1)
    _weight(new.merge).copy_(first)
    _weight(new.refine).copy_(second)
    for layer in (new.merge, new.refine):
        if isinstance(layer, Squeezed):
            balance(layer)


@torch.no_grad()
def balance(layer: Squeezed) -> None:
    """Make the weights of both factors equally large, for one learning rate must fit both; their product stays."""
    look, tell = (part.weight for part in layer.factors)
    share = (tell.square().mean() / look.square().mean()) ** 0.25
    look.mul_(share)
    tell.div_(share)


def _weight(layer: nn.Module) -> Tensor:
    """Return the weight of a layer; for a squeezed one, that of its 3x3 layer."""
    weight = (layer.factors[0] if isinstance(layer, Squeezed) else layer).weight
    assert isinstance(weight, Tensor)
    return weight


def _squeeze(
    weight: Tensor, new: Squeezed, before: nn.BatchNorm2d, norm: nn.BatchNorm2d, reader: Tensor, loud: Tensor
) -> Tensor:
    """Fill the 1x1 layer and return the weight for the 3x3 layer in front of it.

    The product is nearest for inputs that are independent and as large as `loud`, as `reader` reads the outputs. The
    mean of the norm behind it moves by what the squeeze loses.
    """
    assert before.running_mean is not None
    assert before.running_var is not None
    assert norm.running_mean is not None
    read = reader[:, : len(weight)].square().sum((0, 2, 3)).sqrt()
    scale = (before.weight.abs() * read / (before.running_var + before.eps).sqrt()).clamp(min=1e-6)
    scaled = weight * scale[:, None, None, None]
    weighed = scaled * loud[None, :, None, None]
    look, tell = new.factors
    u = torch.linalg.svd(weighed.flatten(1), full_matrices=False).U[:, : look.out_channels]
    tell.weight.copy_((u / scale[:, None])[..., None, None])
    norm.running_mean.copy_((u @ (u.T @ (before.running_mean * scale))) / scale)
    few: Tensor = u.T @ scaled.flatten(1)
    return few.reshape(-1, *weight.shape[1:])


def _loudness(norm: nn.BatchNorm2d) -> Tensor:
    """Return (C,) the approximate size of a normed channel after its ReLU."""
    return (norm.weight.square() + norm.bias.clamp(min=0).square()).sqrt().clamp(min=1e-6)


def _narrow(weight: Tensor, loud: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return a 1x1 layer (count,I,1,1) and the layer (O,count,k,k) behind it that are nearest to (O,I,k,k)."""
    flat = (weight * loud[:, None, None]).movedim(1, -1)  # (O, k, k, I)
    v = torch.linalg.svd(flat.flatten(0, 2), full_matrices=False).Vh[:count]  # (count, I)
    behind = (flat @ v.T).movedim(-1, 1)
    return (v / loud)[..., None, None], behind
