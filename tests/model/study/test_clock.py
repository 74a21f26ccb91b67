"""Views that fit into some minutes."""

import pytest
import torch

from model.study.budget import Budget
from model.study.clock import Costs, fitting, measure, said_of, seconds_of_a_view
from model.study.labelled import VOID, Labelled, Sets
from model.study.material import Material
from model.study.uses.budget import UsesBudget
from model.study.uses.every import USES
from model.study.ways.task import Known
from model.training.stored import Stored
from photochrom.errors import ModelRejected

BUDGET = Budget(
    photographs=9, views=10**6, batch=10, ways=("random", "labels", "jigsaw"), decisive=("random", "labels"),
    decisive_seeds=2, snapshots=(0.1, 0.3), clustered=64,
)  # fmt: skip
COSTS = Costs({"labels": 0.001, "jigsaw": 0.002}, {"probe": 0.5, "finetune": 1.0, "segment": 1.5})


def test_the_time_by_hand():
    # Five runs: random and labels twice, jigsaw once. Uses: 5 x 3 s, and two halts of labels' two runs, 0.5 s each.
    assert COSTS.uses(BUDGET) == pytest.approx(5 * 3 + 4 * 0.5)
    assert COSTS.learning(BUDGET) == pytest.approx(2 * 0.001 + 0.002)
    # Of 100 s a tenth is kept back: 73 s are left for views that cost 4 ms in all.
    assert fitting(BUDGET, COSTS, 100).views == 18_250
    said = said_of(fitting(BUDGET, COSTS, 100), COSTS)
    assert "18,250 views for each way" in said
    assert "73 s at 750 photographs/s" in said  # three runs learn
    assert "the uses of 5 runs 17 s" in said


def test_time_only_takes_away():
    assert fitting(BUDGET, COSTS, 10**6) == BUDGET
    assert fitting(BUDGET.model_copy(update={"ways": ("random",)}), COSTS, 100).views == BUDGET.views


def test_too_little_time_is_said():
    with pytest.raises(ModelRejected, match=r"of 18 seconds the uses of 5 runs take 17"):
        fitting(BUDGET, COSTS, 18)


def test_every_way_and_every_use_is_timed(stored: Stored, known: Known):
    labels = torch.arange(64) % 2
    material = Material(stored, stored, labels, known)
    classes = Labelled(stored.lightness, labels)
    frames = Labelled(stored.lightness[:4], torch.full((4, 64, 64), VOID).index_fill(1, torch.arange(40), 0))
    uses = UsesBudget(
        train=20, validation=9, features=16, shares=(1,), tune_steps=(1,), frames=2, test_frames=1,
        positions=16, head_steps=2, segment_steps=1, segment_batch=1,
    )  # fmt: skip
    budget = BUDGET.model_copy(update={"crop": 32, "widths": known.widths, "uses": uses})
    costs = measure(budget, material, Sets(classes, classes, frames, frames))
    assert set(costs.photograph) == {"labels", "jigsaw"}
    assert set(costs.use) == set(USES)
    assert all(seconds > 0 for seconds in (*costs.photograph.values(), *costs.use.values()))


def test_timing_leaves_no_trace(stored: Stored, known: Known, capsys: pytest.CaptureFixture[str]):
    budget = BUDGET.model_copy(update={"crop": 32, "widths": known.widths})
    assert seconds_of_a_view("rotation", budget, Material(stored, stored, torch.zeros(64), known)) > 0
    assert capsys.readouterr() == ("", "")
