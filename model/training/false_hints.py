"""False hints: they teach the network where the effect of a hint should end.

True hints at random positions reward a wide spread, because a photograph is warm or cold as a whole: ten of them reveal
the colours of things that they do not touch. But a user who recolours one dress does not want the wall beside it to
follow. So the fit also draws lone hints of a colour that is unrelated to the photograph, and uses the truth to
distinguish things: what has the colour of the hinted position, and is near it, should take the hint's colour; what has
another colour should stay as it was.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .conditions import half_sides, paint, true_colours

_CHROMA = (20.0, 70.0)  # C* of a false hint
_SAME, _OTHER = 6.0, 16.0  # ab; a true colour nearer than _SAME may follow, one farther than _OTHER may not
_ALIKE = 5.0  # ab
_NEAR = 0.2  # sides of a photograph
_UNDER = (
    0.03  # sides; nearer positions may be under the patch, so they need not stay, whatever their true colour
)
_LEAST = 10.0  # ab; a position that is nearer to the hint's colour than this has followed enough
_ENOUGH = 1.0  # total weight below which a photograph has no positions to judge by


class FalseHints(NamedTuple):
    """A lone hint in each of N photographs of H x W pixels."""

    hints: Tensor  # (N,3,H,W), a*, b* and the mask
    colour: Tensor  # (N,2), the hint's colour
    own: Tensor  # (N,2), the true ab at its position
    place: Tensor  # (N,2), row and column of its centre, in pixels


class Locality(NamedTuple):
    """The effect of a lone hint on K positions of N photographs. Weights say what each position should do."""

    moved: Tensor  # (N,K), share of the way to the hint's colour that a position moved, squared
    other: Tensor  # (N,K), 1: another thing, which should stay; 0: not
    missed: Tensor  # (N,K), share of that way that is left, squared
    own: Tensor  # (N,K), 1: the hinted thing, near the hint, which should follow; 0: not

    def leak(self) -> Tensor:
        """Return the mean of `moved` over other things: 0 if nothing follows, 1 if everything does."""
        return (self.moved * self.other).sum() / self.other.sum().clamp(min=_ENOUGH)

    def unheard(self) -> Tensor:
        """Return the mean of `missed` over the hinted things: 0 if they follow, 1 if they stay."""
        return (self.missed * self.own).sum() / self.own.sum().clamp(min=_ENOUGH)

    def figures(self) -> Iterator[dict[str, float]]:
        """Yield hint_leak and hint_unheard of each photograph that has such positions."""
        for parts in zip(*self, strict=True):
            one = Locality(*parts)
            figures = {}
            if one.other.sum() >= _ENOUGH:
                figures["hint_leak"] = float(one.leak())
            if one.own.sum() >= _ENOUGH:
                figures["hint_unheard"] = float(one.unheard())
            yield figures


def false_hints(ab: Tensor, random: torch.Generator) -> FalseHints:
    """Draw a patch of a random vivid colour for each photograph of the true ab (N,2,H,W)."""
    n, _, height, width = ab.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random, device=ab.device)

    hue, chroma = draw(n) * 2 * math.pi, _CHROMA[0] + (_CHROMA[1] - _CHROMA[0]) * draw(n)
    colour = torch.stack([hue.cos() * chroma, hue.sin() * chroma], 1)
    place = (draw(n, 2) * torch.tensor([height, width], device=ab.device)).long()
    half = half_sides(draw(n, 1))
    hints = paint(half, place[:, :1], place[:, 1:], colour[:, :, None], (height, width))
    own = true_colours(ab)[torch.arange(n, device=ab.device), :, place[:, 0], place[:, 1]]
    return FalseHints(hints, colour, own, place)


def locality(given: Tensor, before: Tensor, truth: Tensor, distance: Tensor, lone: FalseHints) -> Locality:
    """Return the effect of lone hints.

    Args:
        given: (N,K,2), ab at K places with the hint.
        before: (N,K,2), without it.
        truth: (N,K,2).
        distance: (N,K), of the places from the hint, in sides of the photograph.
        lone: the hints.
    """
    colour = lone.colour[:, None]
    way = (colour - before).square().sum(2).clamp(min=_LEAST**2)
    difference = (truth - lone.own[:, None]).norm(dim=2)
    return Locality(
        moved=(given - before).square().sum(2) / way,
        other=((difference - _SAME) / (_OTHER - _SAME)).clamp(0, 1) * (distance > _UNDER),
        missed=(given - colour).square().sum(2) / way,
        own=torch.exp(-((difference / _ALIKE) ** 2) - (distance / _NEAR) ** 2),
    )


def distances(positions: Tensor, place: Tensor, side: int) -> Tensor:
    """Return how far flat positions (N,K) in a square map of that side are from a place (N,2) in it, in sides."""
    return torch.hypot(positions // side - place[:, :1], positions % side - place[:, 1:]) / side


def map_locality(given: Tensor, before: Tensor, ab: Tensor, lone: FalseHints) -> Locality:
    """Return the effect of lone hints in square photographs, over all positions of the answer.

    Args:
        given: (N,2,h,h), the answer with the hint.
        before: (N,2,h,h), without it.
        ab: (N,2,H,H), the truth.
        lone: the hints.
    """
    side = given.shape[-1]
    shrink = ab.shape[-1] // side
    places = torch.arange(side**2, device=ab.device)[None]
    distance = distances(places, lone.place / shrink, side)
    given, before, truth = (x.flatten(2).transpose(1, 2) for x in (given, before, F.avg_pool2d(ab, shrink)))
    return locality(given, before, truth, distance, lone)
