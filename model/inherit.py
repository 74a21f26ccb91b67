"""Start a network of another shape from the weights of a trained one.

Every tensor whose name and shape agree is taken as it is: encoder, context, hints, palette, classes, bins. A lean
decoder's steps are cut out of the old decoder's: of fewer channels the most telling stay, and a 3x3 layer that is
now read through a narrow 1x1 layer becomes the best product of the two (a truncated SVD). All else starts anew.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .network import Colorizer, NetworkConfig, Up, Widen


@dataclass(frozen=True)
class Inherited:
    """A network and where its tensors come from, by name."""

    network: Colorizer
    taken: tuple[str, ...]
    cut: tuple[str, ...]
    anew: tuple[str, ...]

    def __str__(self) -> str:
        anew = ", ".join(self.anew) or "nothing"
        return f"{len(self.taken)} tensors taken, {len(self.cut)} cut out of larger ones; anew: {anew}"


@torch.no_grad()
def inherit(old: Colorizer, config: NetworkConfig) -> Inherited:
    """Return a network shaped as `config` says that begins as near to `old` as its shape allows."""
    new = Colorizer(old.bins, old.log_weight, config)
    weights, given = old.state_dict(), new.state_dict()
    taken = [name for name, value in given.items() if name in weights and weights[name].shape == value.shape]
    for name in taken:
        given[name].copy_(weights[name])
    cut = _cut_decoder(old, new) if _can_cut(old, new) else []
    names = [name for name in given if not name.endswith("num_batches_tracked")]
    cut = [name for name in names if name.startswith(tuple(cut)) and name not in taken]
    anew = [name for name in names if name not in taken and name not in cut]
    return Inherited(new, tuple(n for n in names if n in taken), tuple(cut), tuple(anew))


def _can_cut(old: Colorizer, new: Colorizer) -> bool:
    """Return whether the new decoder is a narrower one of the same maps."""
    a, b = old.config, new.config
    same = (a.head, a.encoder, a.context) == (b.head, b.encoder, b.context) and a.head == "unet"
    fits = all(y <= x for x, y in zip(a.decoder, b.decoder, strict=True))
    return same and fits and a.narrow is None and a.last is None and (b.narrow, b.decoder) != (None, a.decoder)


def _cut_decoder(old: Colorizer, new: Colorizer) -> list[str]:
    """Fill the new decoder; return the beginnings of the names that it filled."""
    kept, loud = torch.arange(old.config.context), torch.ones(old.config.context)
    readers = (old.up8.merge.weight, old.up4.merge.weight, old.classify.weight)
    for name, reader in zip(("up16", "up8", "up4"), readers, strict=True):
        a, b = getattr(old, name), getattr(new, name)
        kept, loud = _cut_step(a, b, kept, loud[kept], reader)
    if new.widen is None:
        return ["up16.", "up8.", "up4."]
    return ["up16.", "up8.", "up4.", *_keep_places(new.widen, kept)]


def _cut_step(old: Up, new: Up, inputs: Tensor, loud: Tensor, reader: Tensor) -> tuple[Tensor, Tensor]:
    """Fill a step; return which of the old outputs it gives, and how loud all of the old ones are.

    Args:
        old: the step to cut from.
        new: the step to fill.
        inputs: (I,), which of the old inputs the new step gets.
        loud: (I,), their loudness, see `_loudness`.
        reader: (O,C,k,k), the weights of what reads the outputs first among its inputs.
    """
    between = _loudness(old.merge_norm)
    middle = _most_telling(between, old.refine.weight, new.merge.out_channels)
    after = _loudness(old.refine_norm)
    outputs = _most_telling(after, reader[:, : len(after)], new.refine.out_channels)
    count = old.merge.in_channels - new_skip(new)
    weight = old.merge.weight[middle]
    wide, skip = weight[:, :count][:, inputs], weight[:, count:]
    if new.narrow is not None:
        first, wide = _product(wide, loud, new.narrow.out_channels)
        new.narrow.weight.copy_(first)
    new.merge.weight.copy_(torch.cat([wide, skip], 1))
    new.refine.weight.copy_(old.refine.weight[outputs][:, middle])
    _cut_norm(old.merge_norm, new.merge_norm, middle)
    _cut_norm(old.refine_norm, new.refine_norm, outputs)
    return outputs, after
