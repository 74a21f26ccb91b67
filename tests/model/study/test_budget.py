"""Budgets: files, fields, and the order of runs."""

from pathlib import Path

import pytest

from model.study.budget import CONFIGS, Budget
from photochrom.errors import ModelRejected


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_budget_is_valid(path: Path):
    budget = Budget.read(path.stem)
    assert budget == Budget.read(str(path))
    assert set(budget.decisive) <= set(budget.ways)


def test_all_ways_run_once_before_any_runs_twice():
    budget = Budget(
        photographs=2, views=1, ways=("random", "labels", "jigsaw"), decisive=("labels",), decisive_seeds=3
    )
    assert budget.runs() == [("random", 0), ("labels", 0), ("jigsaw", 0), ("labels", 1), ("labels", 2)]


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_rehearsal_has_all_that_is_shown_of_less(path: Path):
    whole, short = Budget.read(path.stem), Budget.read(path.stem).shortened(0.01)
    assert short.runs() == whole.runs()
    assert (short.widths, short.batch, short.crop) == (whole.widths, whole.batch, whole.crop)
    assert (short.snapshots, short.uses.shares) == (whole.snapshots, whole.uses.shares)
    assert short.views < whole.views
    assert short.uses.head_steps <= whole.uses.head_steps
    assert (whole.uses.train or 0) >= (short.uses.train or 0)
    assert Budget.model_validate(short.model_dump()) == short


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("views = 5", "photographs"),
        ("photographs = 9\nviews = 5\nways = ['dreaming']", "no such way: dreaming"),
        ("photographs = 9\nviews = 5\nwidths = [4, 4]", "5 even numbers"),
        ("photographs = ", "not valid"),
    ],
)
def test_a_budget_that_is_wrong_says_what(tmp_path: Path, text: str, said: str):
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(ModelRejected, match=said):
        Budget.read(str(tmp_path / "own.toml"))


def test_an_unknown_budget_names_the_known_ones():
    with pytest.raises(ModelRejected, match="cpu, gpu, tiny"):
        Budget.read("huge")
