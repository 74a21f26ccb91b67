"""The meaning of the last layer's outputs: the loss that trains them, and the decoding into a* and b*.

`Classes` is ours and, with other bins and weights, that of Zhang, Isola and Efros (2016, "Colorful Image
Colorization"); `HueChroma` that of Larsson, Maire and Shakhnarovich (2016, "Learning Representations for Automatic
Colorization"); `Regression` is the simplest way. All have one interface, so that one loop trains and one evaluation
measures them.
"""

import math
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .losses import SoftTargets, color_loss
from .network import HISTOGRAM, Colorizer, decode


class Answer(Protocol):
    """One way to represent colour."""

    def loss(self, outputs: Tensor, ab: Tensor) -> Tensor:
        """Return a scalar for outputs (N,K,O) where the truth is ab (N,K,2)."""
        ...

    def decode(self, outputs: Tensor, temperature: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:
        """Return ab (N,2,h,w) and a confidence (N,1,h,w) in 0..1 of outputs (N,O,h,w)."""
        ...


def answer_of(network: Colorizer) -> Answer:
    """Return the representation that the network uses, on the network's device."""
    match network.config.answer:
        case "hue_chroma":
            return HueChroma()
        case "ab":
            return Regression()
    return Classes(network)


class Classes:
    """A distribution over bins of ab, trained with class weights that decoding can undo."""

    def __init__(self, network: Colorizer) -> None:
        self.network = network
        self.targets = SoftTargets(network.bins).to(network.bins.device)

    def loss(self, outputs: Tensor, ab: Tensor) -> Tensor:
        """See `losses.color_loss`."""
        return color_loss(outputs, ab, self.targets, self.network.log_weight)

    def decode(self, outputs: Tensor, temperature: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:
        """See `network.decode`."""
        return decode(outputs, self.network.bins, self.network.log_weight, temperature, vividness)


class HueChroma:
    """Two histograms of 32 bins, hue and chroma, as Larsson et al. 2016; here of CIELAB's hue and chroma.

    Theirs are of hue and chroma in RGB and count the colours in a window of 7x7 pixels; ours split the mean of
    a 4x4 window between its two nearest bins. Temperature and vividness have no effect.
    """

    TOP = 128.0  # ab; sRGB reaches a chroma of 134
    HUE_WEIGHT = 5.0  # of the hue's loss, times chroma in 0..1
    FADE = 0.03  # resultant length below which the hue is unknown and chroma fades

    def loss(self, outputs: Tensor, ab: Tensor) -> Tensor:
        """Return KL(chroma) + 5 chroma KL(hue), a mean over places in nats."""
        hue, chroma = outputs.float().chunk(2, -1)
        true_hue, true_chroma = self.histograms(ab)
        weight = self.HUE_WEIGHT * (ab.norm(dim=-1) / self.TOP).clamp(max=1)
        loss: Tensor = divergence(true_chroma, chroma) + weight * divergence(true_hue, hue)
        return loss.mean()

    def histograms(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the histograms of hue and of chroma, (...,32) each and summing to 1, of ab (...,2)."""
        turns = torch.atan2(ab[..., 1], ab[..., 0]) / (2 * math.pi)
        place = turns * HISTOGRAM - 0.5  # bin k is centred on k
        low, part = place.floor(), place - place.floor()
        hue = _split(low.long() % HISTOGRAM, (low.long() + 1) % HISTOGRAM, part)
        place = (ab.norm(dim=-1) / self.TOP * HISTOGRAM - 0.5).clamp(0, HISTOGRAM - 1)
        low, part = place.floor(), place - place.floor()
        return hue, _split(low.long(), (low.long() + 1).clamp(max=HISTOGRAM - 1), part)

    def decode(self, outputs: Tensor, temperature: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return chroma's median at the hue's expectation, faded; the confidence is the resultant length."""
        hue, chroma = (part.softmax(1) for part in outputs.chunk(2, 1))
        angle = (torch.arange(HISTOGRAM, device=outputs.device) + 0.5) * (2 * math.pi / HISTOGRAM)
        x, y = (torch.einsum("nkhw,k->nhw", hue, part) for part in (angle.cos(), angle.sin()))
        length = torch.hypot(x, y)
        scale = median(chroma) * self.TOP * (length / self.FADE).clamp(max=1) / length.clamp(min=1e-9)
        return torch.stack([x * scale, y * scale], 1), length[:, None].clamp(max=1)


class Regression:
    """a* and b* themselves, by mean squared error: the mean of all possible colours, and grey in case of doubt."""

    UNIT = 25.0  # ab, about the spread of colours in photographs

    def loss(self, outputs: Tensor, ab: Tensor) -> Tensor:
        """Return the mean squared error in units of 25."""
        return F.mse_loss(outputs.float(), ab / self.UNIT)

    def decode(self, outputs: Tensor, temperature: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return ab and full confidence: a regression has no measure of doubt."""
        return outputs * self.UNIT, torch.ones_like(outputs[:, :1])


def divergence(truth: Tensor, logits: Tensor) -> Tensor:
    """Return KL(truth || softmax(logits)) in nats over the last axis."""
    return F.kl_div(F.log_softmax(logits, -1), truth, reduction="none").sum(-1)


def median(histogram: Tensor) -> Tensor:
    """Return the median (N,h,w) in 0..1 of histograms (N,K,h,w) over K equal bins, even within a bin."""
    bins = histogram.shape[1]
    total = histogram.cumsum(1)
    middle = (total < 0.5).sum(1, keepdim=True).clamp(max=bins - 1)
    share = histogram.gather(1, middle)
    before = total.gather(1, middle) - share
    return ((middle + (0.5 - before) / share.clamp(min=1e-9)) / bins)[:, 0].clamp(0, 1)


def _split(low: Tensor, high: Tensor, part: Tensor) -> Tensor:
    """Return (...,32) with 1 - `part` in bin `low` and `part` in bin `high`, (...) each."""
    histogram = torch.zeros(*low.shape, HISTOGRAM, device=low.device)
    histogram.scatter_add_(-1, low[..., None], 1 - part[..., None])
    return histogram.scatter_add_(-1, high[..., None], part[..., None])
