"""Fit the low-rank layers of a lean decoder to what passes through them: least squares, layer by layer, no slopes.

The factors that `inherit.py` finds know the old weights only. On photographs the inputs of a layer are far from
independent, so the best factors are those of the regression of the old layer's outputs on the inputs that the lean
network itself gives (reduced-rank regression; Zhang et al. 2016 accelerate VGG so). Each layer sees what the layers
before it already lose, and makes up for it.
"""

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..inherit import balance
from ..network import Colorizer, Squeezed, Up

PLACES = 256
"""Places of each photograph at which a layer is fitted."""
RIDGE = 1e-4
"""Of the mean variance of the inputs: keeps inputs that hardly vary from large weights."""
Read = tuple[
    Tensor, dict[int, Tensor]
]  # what a decoder reads: the context's map, the encoder's maps by stride
Pair = tuple[Tensor, Tensor]


@torch.no_grad()
def fit_decoder(old: Colorizer, new: Colorizer, read: Sequence[Read]) -> None:
    """Fit the decoder of `new` in place to that of `old`, from batches of what both decoders read."""
    readers: tuple[nn.Module, ...] = (old.up8.merge, old.up4.merge, old.classify)
    inputs: list[Pair] = [(x, x) for x, _ in read]  # of the step in the old and in the new decoder
    for stride, reader in zip((16, 8, 4), readers, strict=True):
        a, b = getattr(old, f"up{stride}"), getattr(new, f"up{stride}")
        skips = [maps[stride] for _, maps in read]
        fit_step(a, b, inputs, skips, reader)
        inputs = [(a(x, skip), b(y, skip)) for (x, y), skip in zip(inputs, skips, strict=True)]


def fit_step(old: Up, new: Up, inputs: Sequence[Pair], skips: Sequence[Tensor], reader: nn.Module) -> None:
    """Fit one step of the decoder, whose outputs `reader` reads in the old network."""
    if new.narrow is not None:
        fit_narrow(old, new, [y for _, y in inputs])
    pairs = list(zip(inputs, skips, strict=True))
    entered = [(old.enter(x, skip), new.enter(y, skip)) for (x, y), skip in pairs]
    fit_layer(old.merge, new.merge, old.merge_norm, new.merge_norm, old.refine, entered)
    between = [
        (F.relu(old.merge_norm(old.merge(x))), F.relu(new.merge_norm(new.merge(y)))) for x, y in entered
    ]
    fit_layer(old.refine, new.refine, old.refine_norm, new.refine_norm, reader, between)


def fit_narrow(old: Up, new: Up, inputs: Iterable[Tensor]) -> None:
    """Make the narrow layer keep what the old merge hears of these inputs (N,I,h,w)."""
    assert new.narrow is not None
    rows = torch.cat([x.movedim(1, -1).flatten(0, -2) for x in inputs]).double()
    values, vectors = torch.linalg.eigh((rows - rows.mean(0)).T @ (rows - rows.mean(0)) / len(rows))
    root = values.clamp(min=values[-1] * 1e-6).sqrt()
    weight = weight_of(old.merge)[:, : len(root)].double() * loudness(old.merge_norm)[:, None, None, None]
    heard = weight.movedim(1, -1).flatten(0, -2) @ (vectors * root)
    kept = torch.linalg.svd(heard, full_matrices=False).Vh[: new.narrow.out_channels]
    new.narrow.weight.copy_((kept / root @ vectors.T)[..., None, None])
    new.narrow.weight.mul_(len(root) ** -0.5 / new.narrow.weight.square().mean().sqrt())


def fit_layer(
    old: nn.Module,
    new: nn.Module,
    norm: nn.BatchNorm2d,
    moved: nn.BatchNorm2d,
    reader: nn.Module,
    inputs: Iterable[Pair],
) -> None:
    """Make a squeezed layer say on its inputs what the old layer says on its own, as `reader` hears it.

    Args:
        old: the 3x3 layer.
        new: the squeezed one.
        norm: behind the old layer.
        moved: behind the new one; its mean takes up the constant part of what is lost.
        reader: the layer that reads the outputs in the old network.
        inputs: of the old and of the new layer, (N,I,h,w) each.
    """
    assert isinstance(new, Squeezed)
    assert norm.running_mean is not None
    assert moved.running_mean is not None
    sums = Sums()
    for x, y in inputs:
        sums.add(F.unfold(y, 3, padding=1), old(x).flatten(2))
    weight, mean, told = sums.solve()  # (I*9,O), (I*9,), (O,)
    scale = loudness(norm).double() * weight_of(reader)[:, : weight.shape[1]].square().sum((0, 2, 3)).sqrt()
    weighed = weight * scale
    basis = torch.linalg.eigh(weighed.T @ sums.variance @ weighed)[1]
    look, tell = new.factors
    u = basis[:, -look.out_channels :]
    few, many = (weighed @ u).T, u / scale[:, None]
    look.weight.copy_(few.reshape(look.weight.shape))
    tell.weight.copy_(many[..., None, None])
    moved.running_mean.copy_(norm.running_mean - (told - many @ (few @ mean)))
    balance(new)


class Sums:
    """Moments of inputs (I) and outputs (O) over places of photographs, in 64 bits."""

    def __init__(self) -> None:
        self.count = 0
        self.total: Tensor | None = None  # (I+O,)
        self.products: Tensor | None = None  # (I,I+O)
        self.inputs = 0
        self.random = torch.Generator().manual_seed(0)
        self.variance = torch.empty(0)

    def add(self, x: Tensor, y: Tensor) -> None:
        """Add the inputs (N,I,P) and outputs (N,O,P) of places, of many places some."""
        places = torch.randperm(x.shape[2], generator=self.random)[:PLACES].to(x.device)
        rows = torch.cat([x[:, :, places], y[:, :, places]], 1).transpose(1, 2).flatten(0, 1)
        self.inputs = x.shape[1]
        products, total = (rows[:, : self.inputs].T @ rows).double(), rows.double().sum(0)
        self.products = products if self.products is None else self.products + products
        self.total = total if self.total is None else self.total + total
        self.count += len(rows)

    def solve(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the regression of outputs on inputs (I,O), and the means of both."""
        assert self.products is not None
        assert self.total is not None
        mean = self.total / self.count
        covariance = self.products / self.count - mean[: self.inputs, None] * mean
        self.variance, shared = covariance[:, : self.inputs], covariance[:, self.inputs :]
        ridge = RIDGE * self.variance.diagonal().mean() * torch.eye(self.inputs, device=mean.device)
        return torch.linalg.solve(self.variance + ridge, shared), mean[: self.inputs], mean[self.inputs :]


def loudness(norm: nn.BatchNorm2d) -> Tensor:
    """Return the factor (C,) of a norm."""
    assert norm.running_var is not None
    return norm.weight.abs() / (norm.running_var + norm.eps).sqrt()


def weight_of(layer: nn.Module) -> Tensor:
    """Return the weight of a plain layer."""
    assert isinstance(layer.weight, Tensor)
    return layer.weight
