"""The loop: deterministic, and the same to the bit when it was interrupted."""

from pathlib import Path

import pytest
import torch

from model.study.budget import Budget
from model.study.encoder import Encoder
from model.study.learn import Learning, learned, snapshot_path
from model.study.material import Material
from model.study.plans import PLANS
from model.study.tables import GRADIENTS, LOG, Table
from model.study.ways.task import Known
from model.training.stored import Stored
from photochrom.errors import ModelRejected

BUDGET = Budget(
    photographs=64, views=12 * 16, batch=16, crop=32, widths=(8, 8, 12, 12, 16), clustered=64, gradients=3,
    log_every=3, save_seconds=0, decisive=("rotation",), snapshots=(0.5,),
)  # fmt: skip


@pytest.fixture
def material(stored: Stored, known: Known) -> Material:
    labels = (stored.lightness[:, 0, 32, 32] > 128).long()
    return Material(stored, stored, labels, known)


def same(one: Encoder, other: Encoder) -> bool:
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("way", PLANS)
def test_what_was_interrupted_goes_on_to_the_same_bits(way: str, material: Material, tmp_path: Path):
    whole = Learning(way, 0, material, BUDGET, tmp_path / "whole").learn()
    Learning(way, 0, material, BUDGET, tmp_path / "parts").learn(until=6)
    rest = Learning(way, 0, material, BUDGET, tmp_path / "parts").learn()
    assert same(whole, rest)
    tables = [Table(tmp_path / part / "log.csv", LOG).rows() for part in ("whole", "parts")]
    assert [(row["step"], row["loss"]) for row in tables[0]] == [
        (row["step"], row["loss"]) for row in tables[1]
    ]
    compared = [Table(tmp_path / part / "gradients.csv", GRADIENTS).rows() for part in ("whole", "parts")]
    assert compared[0] == compared[1]
    assert bool(compared[0]) == (PLANS[way].mixing in ("joint", "alternating"))


def test_another_seed_learns_another_encoder(material: Material, tmp_path: Path):
    one, other = (Learning("rotation", s, material, BUDGET, tmp_path / str(s)).learn() for s in (0, 1))
    assert not same(one, other)


def test_every_way_of_a_seed_begins_with_the_same_filters(material: Material, tmp_path: Path):
    ways = [way for way in PLANS if PLANS[way].mixing != "halves"]
    encoders = [Learning(way, 0, material, BUDGET, tmp_path / way).learner.encoder() for way in ways]
    assert all(same(encoders[0], encoder) for encoder in encoders)


def test_the_loss_of_the_log_falls(material: Material, tmp_path: Path):
    Learning("regression", 0, material, BUDGET, tmp_path).learn()
    losses = [float(row["loss"]) for row in Table(tmp_path / "log.csv", LOG).rows()]
    assert len(losses) == 4
    assert losses[-1] < losses[0]


def test_a_learned_way_does_not_learn_again(material: Material, tmp_path: Path):
    path = learned("rotation", 0, material, BUDGET, tmp_path / "run")
    written = path.stat().st_mtime_ns
    assert learned("rotation", 0, material, BUDGET, tmp_path / "run") == path
    assert path.stat().st_mtime_ns == written
    assert Encoder.read(snapshot_path(tmp_path / "run", 0.5)).widths == BUDGET.widths
    assert not (tmp_path / "run" / "state.pt").exists()


def test_a_checkpoint_of_another_network_is_refused(material: Material, tmp_path: Path):
    Learning("rotation", 0, material, BUDGET, tmp_path).learn(until=3)
    with pytest.raises(ModelRejected, match="another network"):
        Learning("jigsaw", 0, material, BUDGET, tmp_path)
