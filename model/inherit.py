"""Start a network of another shape from the weights of a trained one.

Every tensor whose name and shape agree is taken as it is: encoder, context, hints, palette, classes, bins. A lean
decoder's steps are cut out of the old decoder's: of fewer channels the most telling stay, and a 3x3 layer that is
now read through a narrow 1x1 layer becomes the best product of the two (a truncated SVD). All else starts anew.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .network import Colorizer, NetworkConfig, Up

STEPS = ("up16", "up8", "up4")


@dataclass(frozen=True)
class Inherited:
    """A network, and the names of its tensors by where they come from."""

    network: Colorizer
    taken: tuple[str, ...]
    cut: tuple[str, ...]
    anew: tuple[str, ...]

    def __str__(self) -> str:
        anew = ", ".join(self.anew) or "none"
        return f"{len(self.taken)} tensors taken, {len(self.cut)} cut out of larger ones, anew: {anew}"


@torch.no_grad()
def inherit(old: Colorizer, config: NetworkConfig) -> Inherited:
    """Return a network shaped as `config` says that begins as near to `old` as its shape allows."""
    new = Colorizer(old.bins, old.log_weight, config)
    weights, given = old.state_dict(), new.state_dict()
    names = [name for name in given if not name.endswith("num_batches_tracked")]
    cut = set[str]()
    if _can_cut(old.config, config):
        cut = {name for name in names if name.startswith((*STEPS, "widen"))}
        _cut_decoder(old, new)
    taken = {name for name in names if name in weights and weights[name].shape == given[name].shape} - cut
    for name in taken:
        given[name].copy_(weights[name])
    anew = [name for name in names if name not in taken | cut]
    return Inherited(new, tuple(sorted(taken)), tuple(sorted(cut)), tuple(anew))


def _can_cut(old: NetworkConfig, new: NetworkConfig) -> bool:
    """Return whether the new decoder is a lean one that reads the maps of the old, not lean one."""
    same = (old.head, old.encoder, old.context) == (new.head, new.encoder, new.context)
    fits = all(b <= a for a, b in zip(old.decoder, new.decoder, strict=True))
    return same and fits and old.head == "unet" and old.narrow is None and new.narrow is not None


def _cut_decoder(old: Colorizer, new: Colorizer) -> None:
    """Fill the steps and the layer that widens the last map."""
    inputs, loud = torch.arange(old.config.context), torch.ones(old.config.context)
    readers = (old.up8.merge.weight, old.up4.merge.weight, old.classify.weight)
    for name, reader in zip(STEPS, readers, strict=True):
        before: Up = getattr(old, name)
        outputs = _most_telling(before.refine_norm, reader, getattr(new, name).refine.out_channels)
        _cut_step(before, getattr(new, name), inputs, loud, outputs)
        inputs, loud = outputs, _loudness(before.refine_norm)[outputs]
    if new.widen is not None and new.widen.layer.out_channels == old.config.decoder[-1]:
        # What was kept keeps its place in the last map; the rest is to be learned from it.
        nn.init.zeros_(new.widen.layer.bias)
        new.widen.layer.weight[inputs] = torch.eye(len(inputs))[..., None, None]


def _cut_step(old: Up, new: Up, inputs: Tensor, loud: Tensor, outputs: Tensor) -> None:
    """Fill a step of the given old inputs (I,), as loud as `loud` (I,), and the given old outputs."""
    middle = _most_telling(old.merge_norm, old.refine.weight, new.merge.out_channels)
    skips = new.merge.in_channels - (new.narrow.out_channels if new.narrow is not None else len(inputs))
    wide, skip = old.merge.weight[middle].split([old.merge.in_channels - skips, skips], 1)
    wide = wide[:, inputs]
    if new.narrow is not None:
        first, wide = _product(wide, loud, new.narrow.out_channels)
        new.narrow.weight.copy_(first)
    new.merge.weight.copy_(torch.cat([wide, skip], 1))
    new.refine.weight.copy_(old.refine.weight[outputs][:, middle])
    for norm, kept in (("merge_norm", middle), ("refine_norm", outputs)):
        for name, value in getattr(new, norm).named_buffers():
            if value.ndim:
                value.copy_(getattr(getattr(old, norm), name)[kept])
        for name, value in getattr(new, norm).named_parameters():
            value.copy_(getattr(getattr(old, norm), name)[kept])


def _loudness(norm: nn.BatchNorm2d) -> Tensor:
    """Return (C,) about how large a normed channel is after its ReLU."""
    return (norm.weight.square() + norm.bias.clamp(min=0).square()).sqrt()


def _most_telling(norm: nn.BatchNorm2d, reader: Tensor, count: int) -> Tensor:
    """Return (count,), in order: the channels that say most to the layer that reads them first, (O,C,k,k)."""
    telling = _loudness(norm) * reader[:, : norm.num_features].square().sum((0, 2, 3)).sqrt()
    return telling.topk(count).indices.sort().values


def _product(weight: Tensor, loud: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Return a 1x1 layer (rank,I,1,1) and the layer (O,rank,k,k) behind it that are nearest to (O,I,k,k).

    Nearest for inputs that are independent and as large as `loud`; rank may be larger than I.
    """
    flat = (weight * loud[:, None, None]).movedim(1, -1)  # (O, k, k, I)
    u, s, v = torch.linalg.svd(flat.flatten(0, 2), full_matrices=False)
    root, rank = s[:rank].sqrt(), min(rank, len(s))
    first = root[:, None] * v[:rank] / loud.clamp(min=1e-6)
    second = (u[:, :rank] * root).reshape(*flat.shape[:3], rank).movedim(-1, 1)
    return first[..., None, None], second
