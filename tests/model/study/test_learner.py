"""How two tasks share a network."""

import pytest
import torch

from model.study.learner import Learner
from model.study.photographs import Batch
from model.study.plans import PLANS, SINGLE
from model.study.ways.task import Known

COMBINED = [way for way in PLANS if way not in SINGLE]


def touched(learner: Learner, loss: torch.Tensor) -> list[bool]:
    """Which tasks' heads a loss teaches."""
    learner.zero_grad(set_to_none=True)
    loss.backward()
    return [any(w.grad is not None and w.grad.any() for w in task.parameters()) for task in learner.tasks]


@pytest.mark.parametrize("way", COMBINED)
def test_both_tasks_learn(way: str, known: Known, batch: Batch, random: torch.Generator):
    learner = Learner(PLANS[way], known)
    steps = [touched(learner, learner(batch, step, random)) for step in range(2)]
    expected = {"alternating": [[True, False], [False, True]]}.get(PLANS[way].mixing, [[True, True]] * 2)
    assert steps == expected


@pytest.mark.parametrize("way", COMBINED)
def test_what_is_learned_is_one_encoder_of_the_budgets_width(way: str, known: Known):
    assert Learner(PLANS[way], known).encoder().widths == known.widths


def test_a_joint_loss_is_the_sum_over_both_halves_of_the_batch(known: Known, batch: Batch):
    learner = Learner(PLANS["histograms+rotation-joint"], known)
    joint = learner(batch, 0, torch.Generator().manual_seed(0))
    again = torch.Generator().manual_seed(0)
    one, other = (
        task(learner.encoders[0], part, again)
        for task, part in zip(learner.tasks, batch.parts(), strict=True)
    )
    assert torch.isclose(joint, one + other)


def test_halves_learn_apart(known: Known, batch: Batch, random: torch.Generator):
    learner = Learner(PLANS["histograms+rotation-halves"], known)
    loss = learner.tasks[0](learner.encoders[0], batch, random)
    loss.backward()
    assert all(weight.grad is None for weight in learner.encoders[1].parameters())
    assert learner.shared is None


def test_only_a_shared_encoder_has_gradients_to_compare(known: Known):
    shared = {way: Learner(PLANS[way], known).shared is not None for way in PLANS}
    assert {way for way, is_shared in shared.items() if is_shared} == {
        way for way in COMBINED if not way.endswith("halves")
    }
