"""A teacher (distillation): weights that get the clean crop, while the network in training gets it as old film.

Half of the loss is then the distance to the teacher's distribution, half that to the truth. This reduces the loss of
quality that training on old film causes on clean photographs (Hinton et al. 2015, "Distilling the Knowledge in a Neural
Network"). For a held set, the teacher can run once on whole photographs, and its answers are stored: that is cheaper
than running it at every step, and what it answers to a photograph and to its mirror image can be averaged.
"""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.errors import ModelRejected
from photochrom.progress import Count

from ..checkpoint import load_network
from ..losses import SoftTargets
from ..network import Colorizer
from .augment import Batch
from .stored import Stored

LIKELIEST = 32
"""Bins of a distribution that are stored one by one; the rest is stored as their sum."""
AT_ONCE = 64
"""Photographs in one batch of the teacher."""


class Told(NamedTuple):
    """A teacher's distributions over bins."""

    bins: Tensor  # (B,K,T), the likeliest
    share: Tensor  # (B,K,T), their probabilities


class Teacher:
    """Frozen weights that answer at positions of crops.

    Args:
        network: the weights; they must answer in the bins of the network in training.
        bf16: whether to multiply in bfloat16.
    """

    def __init__(self, network: Colorizer, *, bf16: bool) -> None:
        self.network, self.bf16 = network.eval().requires_grad_(False), bf16
        self.told = min(LIKELIEST, len(network.bins))
        # Of whole photographs, (M,P,T): bins as int16, and the roots of their shares as bytes.
        self.memory: Told | None = None

    @classmethod
    def load(cls, path: Path, bins: Tensor, *, bf16: bool) -> "Teacher":
        """Load the weights of a teacher for a network of these bins (Q,2).

        Raises:
            ModelRejected: the file has no weights, or they use other bins.
        """
        network = load_network(path)
        if network.config.answer != "classes" or not torch.equal(network.bins, bins.cpu()):
            raise ModelRejected(f"The teacher {path} answers in other bins than the network in training.")
        return cls(network.to(bins.device).to(memory_format=torch.channels_last), bf16=bf16)  # type: ignore[call-overload]

    def make_room(self, stored: Stored) -> None:
        """Make room for the answers to so many photographs: 384 KB each at 256 px."""
        shape, device = (len(stored.ab), stored.ab[0, 0].numel(), self.told), stored.ab.device
        self.memory = Told(
            torch.empty(shape, dtype=torch.int16, device=device),
            torch.empty(shape, dtype=torch.uint8, device=device),
        )

    def remember(self, stored: Stored, *, quiet: bool = False) -> None:
        """Let the teacher answer to every whole photograph and its mirror image, and keep the means."""
        self.make_room(stored)
        with Count(len(stored.ab), "looked at by the teacher", quiet=quiet) as count:
            for start in range(0, len(stored.ab), AT_ONCE):
                part = slice(start, min(start + AT_ONCE, len(stored.ab)))
                self.remember_some(stored, part)
                count.add(part.stop - start)

    def remember_some(self, stored: Stored, part: slice) -> None:
        """Let the teacher answer to some of the photographs."""
        assert self.memory is not None, "first make_room()"
        lightness = stored.lightness[part].float() / 2.55
        told = self._likeliest((self._shares(lightness) + self._shares(lightness.flip(-1)).flip(-1)) / 2)
        self.memory.bins[part] = told.bins.short()
        self.memory.share[part] = (told.share.sqrt() * 255).round().byte()

    def look(self, lightness: Tensor, positions: Tensor | None = None) -> Told:
        """Return the answers to L* (B,1,S,S) at positions (B,K), or everywhere."""
        return self._likeliest(self._shares(lightness, positions))

    @torch.no_grad()
    def _shares(self, lightness: Tensor, positions: Tensor | None = None) -> Tensor:
        """Return probabilities (B,Q,...) of the bins, at positions (B,K) or everywhere."""
        lightness = lightness.contiguous(memory_format=torch.channels_last)
        with torch.autocast(lightness.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.network(lightness, positions=positions)
        shares: Tensor = logits.float().softmax(1)
        return shares

    def _likeliest(self, shares: Tensor) -> Told:
        likeliest = shares.flatten(2).transpose(1, 2).topk(self.told, -1, sorted=False)
        return Told(likeliest.indices, likeliest.values)

    def tell(self, batch: Batch, index: Tensor | None, positions: Tensor, random: torch.Generator) -> Told:
        """Return the answers at positions (B,K) of a batch whose photographs have an index (B,) in the held set."""
        if self.memory is None or index is None:
            return self.look(batch.clean, positions)
        small = int(self.memory.bins.shape[1] ** 0.5)
        places = stored_places(batch.window, positions, batch.ab.shape[-1], small, random)
        likeliest, root = (part[index[:, None], places] for part in self.memory)
        return Told(likeliest.long(), (root.float() / 255).square())


def stored_places(
    windows: Tensor, positions: Tensor, side: int, stored: int, random: torch.Generator
) -> Tensor:
    """Return which place (B,K) of a stored map of stored x stored each position of a crop of side x side shows.

    Between four places one is drawn, each as often as bilinear interpolation would weigh it.
    """
    rows, columns = positions // side, positions % side
    x, y = ((2 * place.float() + 1) / side - 1 for place in (columns, rows))
    at_x = windows[:, 0, :1] * x + windows[:, 0, 2:]
    at_y = windows[:, 1, 1:2] * y + windows[:, 1, 2:]
    jitter = torch.rand(2, *positions.shape, generator=random, device=positions.device)
    column, row = (
        ((at + 1) * stored / 2 - 0.5 + shift).floor().long().clamp(0, stored - 1)
        for at, shift in zip((at_x, at_y), jitter, strict=True)
    )
    place: Tensor = row * stored + column
    return place


def taught_loss(
    logits: Tensor, ab: Tensor, targets: SoftTargets, log_weight: Tensor, told: Told, trust: Tensor
) -> Tensor:
    """Return the weighted mean of the truth's cross-entropy and the divergence from the teacher, a scalar in nats.

    Args:
        logits: (N,K,Q).
        ab: (N,K,2), the truth.
        targets: over the bins of the logits.
        log_weight: (Q,); each place counts by the weight of the truth's nearest bin, as in `losses.color_loss`.
        told: the teacher's answers at the same positions.
        trust: (N,K), the teacher's share of the loss at each place.
    """
    index, share = targets(ab)  # (N, K, 5)
    likely = F.log_softmax(logits.float(), -1).gather(-1, torch.cat([index, told.bins], -1))
    own, taught = likely.tensor_split([index.shape[-1]], -1)
    truth = -(share * own).sum(-1)
    mixed: Tensor = log_weight[index[..., 0]].exp() * (
        truth + trust * (divergence(told.share, taught) - truth)
    )
    return mixed.mean()


def divergence(share: Tensor, taught: Tensor) -> Tensor:
    """Return KL(teacher || network), (...), over T bins and the sum of all others.

    Args:
        share: (...,T), the teacher's probabilities.
        taught: (...,T), the network's log-probabilities of the same bins.
    """
    rest = (1 - share.sum(-1)).clamp(min=1e-4)
    own_rest = (1 - taught.exp().sum(-1)).clamp(min=1e-4)
    kept = torch.special.xlogy(share, share) - share * taught
    total: Tensor = kept.sum(-1) + rest * (rest.log() - own_rest.log())
    return total
