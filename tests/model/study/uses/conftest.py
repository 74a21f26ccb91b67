import pytest
import torch

from model.study.encoder import Encoder
from model.study.labelled import Sets, read_sets
from model.study.uses.budget import UsesBudget
from support.pictures.probe_sets import write_classes, write_streets

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Sets:
    """Stripes of four kinds, and streets of three classes."""
    folder = tmp_path_factory.mktemp("probes")
    write_classes(folder / "classes.npz")
    write_streets(folder / "streets.npz")
    return read_sets(folder / "classes.npz", folder / "streets.npz")


@pytest.fixture
def encoder() -> Encoder:
    """A small one that learned nothing."""
    torch.manual_seed(0)
    return Encoder((8, 8, 12, 12, 16))


@pytest.fixture
def budget() -> UsesBudget:
    return UsesBudget(
        features=64,
        shares=(0.1, 1),
        tune_steps=(5, 25),
        tune_batch=16,
        positions=64,
        head_steps=60,
        segment_steps=5,
        segment_batch=2,
    )
