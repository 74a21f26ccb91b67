import pytest
import torch

from model.study.encoder import Encoder
from model.study.labelled import Sets
from model.study.uses import probe
from model.study.uses.budget import UsesBudget


def test_every_stage_has_its_accuracy(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    figures = probe.run(encoder, sets, budget, 0)
    assert [figure.stage for figure in figures] == [1, 2, 3, 4, 5]
    assert {(figure.use, figure.share, figure.measure) for figure in figures} == {("probe", None, "accuracy")}
    assert max(figure.value for figure in figures) > 0.5  # stripes of four kinds: chance is 0.25
    assert figures == probe.run(encoder, sets, budget, 0)


def test_the_encoder_stays_as_it_was(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    before = {name: weight.clone() for name, weight in encoder.state_dict().items()}
    probe.run(encoder, sets, budget, 0)
    assert all(weight.equal(before[name]) for name, weight in encoder.state_dict().items())


def test_labels_that_mean_nothing_give_chance(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    mixed = sets.train.labels[torch.randperm(100, generator=torch.Generator().manual_seed(1))]
    figures = probe.run(encoder, sets._replace(train=sets.train._replace(labels=mixed)), budget, 0)
    assert sum(figure.value for figure in figures) / 5 == pytest.approx(0.25, abs=0.15)


@pytest.mark.parametrize(("limit", "grid"), [(8, 1), (31, 1), (32, 2), (1000, 4), (3, 1)])
def test_a_map_becomes_the_finest_grid_that_the_limit_allows(limit: int, grid: int) -> None:
    maps = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    assert probe.pooled(maps, limit).shape == (2, 8 * grid**2)


def test_a_grid_of_one_is_the_mean() -> None:
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    assert probe.pooled(maps, 1).tolist() == [[7.5]]
    assert probe.pooled(maps, 4).tolist() == [[2.5, 4.5, 10.5, 12.5]]
