"""The three ways to tell colours, by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from model.losses import at_positions, color_bins
from model.study.photographs import Batch
from model.study.ways.classes import Classes, Rebalanced
from model.study.ways.colorization import PLACES, Colors
from model.study.ways.histograms import Histograms
from model.study.ways.regression import Regression
from model.study.ways.task import Known

ONE = torch.zeros(1, 1, dtype=torch.long)  # a single place


def of_color(a: float, b: float) -> Colors:
    return Colors(ONE, torch.tensor([[[float(a), float(b)]]]))


def test_the_truth_lies_at_its_places(known: Known, batch: Batch, random: torch.Generator):
    inputs, colors = Regression(known).inputs_targets(batch, random)
    assert torch.equal(inputs, batch.inputs)
    assert colors.places.shape == (16, min(PLACES, 64))
    assert torch.equal(colors.ab, at_positions(batch.ab, colors.places))
    assert all(len(set(row)) == len(row) for row in colors.places.tolist())


def test_regression_by_hand(known: Known):
    # (10, 20) in units of 25 is (.4, .8); told (0, 1): (.16 + .04) / 2
    loss = Regression(known).loss(torch.tensor([[[0.0, 1.0]]]), of_color(10, 20))
    assert loss.item() == pytest.approx(0.1)


def test_histograms_by_hand(known: Known):
    # Grey: the hue does not count, and all of chroma is in the first of 32 bins; even outputs are log 32 away.
    loss = Histograms(known).loss(torch.zeros(1, 1, 64), of_color(0, 0))
    assert loss.item() == pytest.approx(math.log(32))
    # a* = 64 lies on the border of two bins of hue and of two of chroma: KL to even ones is log 16 each,
    # and the hue counts 5 times half of the greatest chroma.
    loss = Histograms(known).loss(torch.zeros(1, 1, 64), of_color(64, 0))
    assert loss.item() == pytest.approx(3.5 * math.log(16), rel=1e-5)


def test_classes_by_hand(known: Known):
    # Even outputs are log 259 nats from any truth.
    even = torch.zeros(1, 1, len(color_bins()))
    assert Classes(known).loss(even, of_color(30, 40)).item() == pytest.approx(math.log(259))
    # Certain of the right bin: what is left is the share of its four neighbours, at a distance of 10, sigma 5.
    certain = 20.0 * F.one_hot(torch.tensor(color_bins().tolist().index([0, 0])), 259).float().reshape(
        1, 1, -1
    )
    neighbours = 4 * math.exp(-2) / (1 + 4 * math.exp(-2))
    loss = Classes(known).loss(certain, of_color(0, 0))
    assert loss.item() == pytest.approx(20 * neighbours, rel=1e-3)


def test_rare_colors_weigh_more_when_balanced(known: Known):
    counts = torch.zeros(259)
    grey, red = (color_bins().tolist().index(list(ab)) for ab in ((0, 0), (60, 40)))
    counts[grey], counts[red] = 75, 25
    balanced = Rebalanced(known._replace(color_counts=counts))
    even = torch.zeros(1, 1, 259)
    losses = [balanced.loss(even, of_color(*ab)).item() for ab in ((0, 0), (60, 40))]
    # One over (p + 1/259) / 2, whose mean over the photographs is 1.
    raw = [1 / (0.75 + 1 / 259), 1 / (0.25 + 1 / 259)]
    mean = 0.75 * raw[0] + 0.25 * raw[1]
    assert losses == pytest.approx([math.log(259) * weight / mean for weight in raw], rel=1e-4)
