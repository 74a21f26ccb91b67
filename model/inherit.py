"""Start a network of another shape from the weights of a trained one.

Every tensor whose name and shape agree is taken as it is: encoder, context, hints, palette, classes, bins. The 3x3
layers of a lean decoder become the best products of the old decoder's (truncated SVDs). All else starts anew.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .network import Colorizer, NetworkConfig, Up


@dataclass(frozen=True)
class Inherited:
    """A network, and the names of its tensors by where they come from."""

    network: Colorizer
    taken: tuple[str, ...]
    factored: tuple[str, ...]
    anew: tuple[str, ...]

    def __str__(self) -> str:
        anew = ", ".join(self.anew) or "none"
        return f"{len(self.taken)} tensors taken, {len(self.factored)} are factors of others, anew: {anew}"


@torch.no_grad()
def inherit(old: Colorizer, config: NetworkConfig) -> Inherited:
    """Return a network shaped as `config` says that begins as near to `old` as its shape allows."""
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
    """Return whether the new decoder is the old one but lean."""
    same = (old.encoder, old.context, old.decoder) == (new.encoder, new.context, new.decoder)
    return same and old.head == new.head == "unet" and old.narrow is None and old.squeeze is None


def _factor_decoder(old: Colorizer, new: Colorizer) -> set[str]:
    """Fill the new decoder's steps; return the names of their layers."""
    skips, loud = old.encoder.channels, torch.ones(old.config.context)
    readers = (old.up8.merge, old.up4.merge, old.classify)
    for stride, reader in zip((16, 8, 4), readers, strict=True):
        a, b = getattr(old, f"up{stride}"), getattr(new, f"up{stride}")
        _factor_merge(a, b, torch.cat([loud, torch.ones(skips[stride])]))
        _factor(a.refine, b.refine, a.refine_norm, b.refine_norm, reader, _loudness(a.merge_norm))
        loud = _loudness(a.refine_norm)
    layers = ("narrow.", "merge.", "refine.")
    return {
        n for n in new.state_dict() for s in (16, 8, 4) if n.startswith(tuple(f"up{s}.{x}" for x in layers))
    }


def _factor_merge(old: Up, new: Up, loud: Tensor) -> None:
    """Fill the layers before the first norm of a step, whose inputs are as large as `loud` (I,)."""
    inputs = old.merge.in_channels
    whole = nn.Conv2d(inputs, old.merge.out_channels, 3, padding=1, bias=False)
    layer, first = new.merge, new.merge
    if isinstance(layer, nn.Sequential):
        squeeze = layer[0].out_channels
        first = layer[0]
        whole = nn.Sequential(nn.Conv2d(inputs, squeeze, 3, padding=1, bias=False), layer[1])
    _factor(old.merge, whole, old.merge_norm, new.merge_norm, old.refine, loud)
    weight = (whole[0] if isinstance(whole, nn.Sequential) else whole).weight
    if new.narrow is not None:
        count = new.narrow.in_channels
        before, behind = _through(weight[:, :count], loud[:count], new.narrow.out_channels)
        new.narrow.weight.copy_(before)
        weight = torch.cat([behind, weight[:, count:]], 1)
    first.weight.copy_(weight)


def _factor(
    old: nn.Conv2d,
    new: nn.Module,
    before: nn.BatchNorm2d,
    norm: nn.BatchNorm2d,
    reader: nn.Conv2d,
    loud: Tensor,
) -> None:
    """Fill a layer, squeezed or not, and move the mean of the norm behind it by what the squeeze loses.

    The product is nearest for inputs that are independent and as large as `loud`, as `reader` reads the outputs.
    """
    if not isinstance(new, nn.Sequential):
        new.weight.copy_(old.weight)
        return
    read = reader.weight[:, : old.out_channels].square().sum((0, 2, 3)).sqrt()
    scale = (before.weight.abs() * read / (before.running_var + before.eps).sqrt()).clamp(min=1e-6)
    flat = old.weight.flatten(1) * scale[:, None]  # (O, I*9)
    weighed = old.weight * loud[None, :, None, None] * scale[:, None, None, None]
    u = torch.linalg.svd(weighed.flatten(1), full_matrices=False).U[:, : new[0].out_channels]
    new[0].weight.copy_((u.T @ flat).reshape(new[0].weight.shape))
    new[1].weight.copy_((u / scale[:, None])[..., None, None])
    norm.running_mean.copy_((u @ (u.T @ (before.running_mean * scale))) / scale)


def _loudness(norm: nn.BatchNorm2d) -> Tensor:
    """Return (C,) about how large a normed channel is after its ReLU."""
    return (norm.weight.square() + norm.bias.clamp(min=0).square()).sqrt().clamp(min=1e-6)


def _through(weight: Tensor, loud: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return a 1x1 layer (count,I,1,1) and the layer (O,count,k,k) behind it that are nearest to (O,I,k,k)."""
    flat = (weight * loud[:, None, None]).movedim(1, -1)  # (O, k, k, I)
    v = torch.linalg.svd(flat.flatten(0, 2), full_matrices=False).Vh[:count]  # (count, I)
    behind = (flat @ v.T).movedim(-1, 1)
    return (v / loud)[..., None, None], behind
