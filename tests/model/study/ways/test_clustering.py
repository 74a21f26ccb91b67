"""Clusters of patches, by hand."""

import pytest
import torch
import torch.nn.functional as F

from model.study.encoder import Encoder
from model.study.ways.clustering import cluster, directions, drawn_patches, whitening


def test_directions_by_hand(random: torch.Generator):
    right, up = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    points = torch.stack([right, up, 5 * right, 2 * up, right, up])
    centers, distortion = directions(points, 2, random)
    assert sorted(centers.tolist()) == [[0, 1], [1, 0]]
    assert distortion == pytest.approx(0, abs=1e-6)


def test_no_center_is_left_empty(random: torch.Generator):
    points = torch.randn(5, 3, generator=random)
    centers, _ = directions(points, 9, random)  # more centers than points
    assert torch.allclose(centers.norm(dim=1), torch.ones(9))


def test_whitened_patches_vary_alike_in_all_directions(random: torch.Generator):
    points = torch.randn(4000, 3, generator=random) @ torch.tensor([[3.0, 0, 0], [2, 1, 0], [0, 0, 1]])
    mean, whiten = whitening(points)
    covariance = ((points - mean) @ whiten).T.cov()
    before, after = torch.linalg.eigvalsh(points.T.cov()), torch.linalg.eigvalsh(covariance)
    assert after.max() / after.min() < 0.2 * before.max() / before.min()


def test_patches_are_what_a_filter_sees(random: torch.Generator):
    maps = torch.randn(4, 2, 8, 8, generator=random)
    filters = torch.nn.Conv2d(2, 1, 3, padding=1, bias=False)
    seen = F.unfold(maps, 3).transpose(1, 2).flatten(0, 1)  # all places, without a border's rest
    seen = F.normalize(seen - seen.mean(1, keepdim=True))
    patches = drawn_patches(maps, filters, random)
    assert patches.shape == (64, 18)
    assert torch.allclose((patches @ seen.T).max(1).values, torch.ones(64), atol=1e-5)


def test_every_stage_gets_filters_of_its_own_input(known):
    torch.manual_seed(0)
    encoder, inputs = Encoder(known.widths), [torch.randn(16, 1, 32, 32) for _ in range(2)]
    before = {name: weight.clone() for name, weight in encoder.state_dict().items()}
    distortions = cluster(encoder, inputs, torch.Generator().manual_seed(0))
    changed = [name for name, weight in encoder.state_dict().items() if not torch.equal(weight, before[name])]
    assert [f"stages.{k}.0.weight" in changed for k in range(5)] == [True] * 5
    assert all(0 <= one < 1 for one in distortions)
    twin = Encoder(known.widths)
    assert cluster(twin, inputs, torch.Generator().manual_seed(0)) == distortions  # whatever it began with


def test_more_clusters_fit_better(random: torch.Generator):
    points = torch.randn(300, 4, generator=random)
    few, many = (directions(points, count, torch.Generator().manual_seed(0))[1] for count in (3, 30))
    assert many < few
