import pytest
import torch

from model.study.encoder import Encoder
from model.study.labelled import Sets
from model.study.uses import finetune
from model.study.uses.budget import UsesBudget


def test_every_share_has_its_accuracy_and_more_labels_help(
    encoder: Encoder, sets: Sets, budget: UsesBudget
) -> None:
    figures = finetune.run(encoder, sets, budget, 0)
    assert [figure.share for figure in figures] == [0.1, 1]
    assert {(figure.use, figure.stage, figure.measure) for figure in figures} == {
        ("finetune", None, "accuracy")
    }
    assert figures[1].value > 0.6 > 0.25  # chance
    assert figures == finetune.run(encoder, sets, budget, 0)


def test_another_seed_draws_other_photographs(sets: Sets) -> None:
    one, same, other = (finetune.share_of_labels(sets.train.labels, 0.2, seed) for seed in (1, 1, 2))
    assert one.equal(same)
    assert not one.equal(other)


@pytest.mark.parametrize(("share", "of_each"), [(0.001, 1), (0.2, 5), (1, 25)])
def test_a_share_takes_alike_of_every_class(sets: Sets, share: float, of_each: int) -> None:
    chosen = finetune.share_of_labels(sets.train.labels, share, 0)
    assert len(chosen.unique()) == len(chosen)
    assert sets.train.labels[chosen].bincount().tolist() == [of_each] * 4


def test_a_larger_share_holds_the_smaller(sets: Sets) -> None:
    small, large = (
        set(finetune.share_of_labels(sets.train.labels, share, 3).tolist()) for share in (0.1, 0.5)
    )
    assert small < large


def test_fine_tuning_goes_on_from_the_layer_alone(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    alone = finetune.with_layer(encoder.eval(), sets.train, 4, budget, 0)
    right = finetune.measured(alone, sets.train, 4)
    both = finetune.tuned(alone, sets.train, 25, budget, 0)
    assert finetune.measured(both, sets.train, 4) > right
    assert not torch.equal(both.encoder.stages[0][0].weight, encoder.stages[0][0].weight)
