"""Losses of the decoded colours, beside the likelihood: for the last steps of a training.

The likelihood teaches each position separately which colours are possible. A user sees one colour at each position: the
expectation, whose error the figures measure, or its annealed version, which may jump between likely colours within one
surface. Both are functions of the logits, so both can be trained.
"""

import torch
from torch import Tensor

from ..answers import Answer, Classes
from ..predict import Setting

WINDOW = 8
"""Side of a window in places of the network's answer: 32 pixels, as `measures.patchiness` looks at."""
_FLOOR = 3.0  # ab; a photograph with a smaller error than this is not pushed further
_EVEN = 6.0  # ab; spread of the truth at which a window ceases to be of one colour
_UNIT = 10.0  # ab


def decoded(answer: Answer, outputs: Tensor, setting: Setting) -> Tensor:
    """Return the colours (N,K,2) that a setting chooses where the network says outputs (N,Q,K,1)."""
    if isinstance(answer, Classes):  # without the confidence, which costs as much
        logits, network = outputs[..., 0].transpose(1, 2), answer.network
        weighed = (logits - (1 - setting.vividness) * network.log_weight) / setting.temperature
        return weighed.softmax(-1) @ network.bins
    # Filled, not copied: a copy to a GPU waits for all its queued work.
    numbers = (outputs.new_full((), number) for number in (setting.temperature, setting.vividness))
    ab, _ = answer.decode(outputs, *numbers)
    return ab[..., 0].transpose(1, 2)


def expectation_loss(given: Tensor, truth: Tensor) -> Tensor:
    """Return the mean over photographs of log(mean squared error + 9), as PSNR is a mean of logarithms.

    Args:
        given: (N,K,2), ab of the expectation.
        truth: (N,K,2).
    """
    square = (given - truth).square().mean((1, 2))
    return (square + _FLOOR**2).log().mean()


def evenness_loss(given: Tensor, truth: Tensor) -> Tensor:
    """Return how much colour varies within windows of one true colour, in units of 10 ab.

    The differentiable twin of `measures.patchiness`: the spread (root of the summed variance) of the given ab beyond
    the truth's, weighted by exp(-(spread of the truth / 6)^2).

    Args:
        given: (N,W,P,2), ab at the P places of W windows.
        truth: (N,W,P,2).
    """
    true_spread = _spread(truth)
    weight = torch.exp(-((true_spread / _EVEN) ** 2))
    excess = (_spread(given) - true_spread).clamp(min=0) / _UNIT
    return (weight * excess).sum() / weight.sum().clamp(min=1e-6)


def _spread(x: Tensor) -> Tensor:
    # An epsilon under the root: its slope at an even window would be infinite.
    return (x.var(2, unbiased=False).sum(-1) + 1e-2).sqrt()


def window_positions(maps: Tensor, windows: int, random: torch.Generator) -> Tensor:
    """Draw (N, windows * 64) flat positions of maps (N,C,h,w): the places of distinct 8x8 windows, one after another.

    Windows lie on a grid, so that no place is drawn twice; the crops, not they, move at random.
    """
    n, _, height, width = maps.shape
    rows, columns = height // WINDOW, width // WINDOW
    noise = torch.rand(n, rows * columns, device=maps.device, generator=random)
    cell = noise.topk(windows, 1).indices[..., None]  # (N, windows, 1)
    corner = cell // columns * (WINDOW * width) + cell % columns * WINDOW
    step = torch.arange(WINDOW, device=maps.device)
    return (corner + (step[:, None] * width + step).flatten()).flatten(1)
