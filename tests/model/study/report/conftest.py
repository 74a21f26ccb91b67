"""A study as its folder looks after a run, with figures that were made up."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from model.network import Colorizer
from model.study.encoder import Encoder
from model.study.plans import PLANS, parts
from model.study.sizes import Sizes
from model.study.tables import GRADIENTS, LOG, RESULTS, SNAPSHOTS, Table
from model.study.uses.budget import UsesBudget

WIDTHS = (8, 8, 12, 12, 16)
SIZES = Sizes(classes=4, train=60, validation=40, tuned={0.01: 4, 0.1: 6, 1: 60}, frames=4, test_frames=6)
LEVELS = {"labels": 0.3, "histograms": 0.2, "regression": 0.15, "random": 0.08}
"""How good ways are; others are as good as 0.12."""


def figures(way: str, seed: int) -> list[tuple[object, ...]]:
    """All rows of one run: the third stage is the best, and the second seed is better by a point."""
    level = LEVELS.get(way, 0.12) + 0.01 * seed
    stages = [
        (way, seed, "probe", stage, None, "accuracy", level - 0.02 * abs(stage - 3)) for stage in range(1, 6)
    ]
    shares = [
        (way, seed, "finetune", None, share, "accuracy", level * share**0.2) for share in (0.01, 0.1, 1.0)
    ]
    uses = ("segment", "segment-finetune")
    pixels = [(way, seed, use, None, None, "miou", level + 0.1) for use in uses]
    return [*stages, *shares, *pixels]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of three ways, one of all others."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    results, snapshots = Table(folder / "results.csv", RESULTS), Table(folder / "snapshots.csv", SNAPSHOTS)
    rows: list[tuple[object, ...]] = []
    for way in PLANS:
        for seed in range(2 if way in ("labels", "histograms", "random") else 1):
            rows += figures(way, seed)
            write_run(folder / way / f"seed{seed}", way, seed)
    results.add(rows)
    snapshots.add(("histograms", 0, 0.5, stage, 0.1 + stage / 100) for stage in range(1, 6))
    uses = UsesBudget(
        train=60, validation=40, features=64, frames=4, positions=32, head_steps=5, segment_steps=2
    )
    budget = {
        "views": 1024,
        "batch": 16,
        "crop": 32,
        "widths": WIDTHS,
        "held": 256,
        "gradients": 3,
        "uses": uses.model_dump(),
        "sizes": SIZES.model_dump(mode="json"),
    }
    (folder / "budget.json").write_text(json.dumps(budget))
    return folder


def write_run(folder: Path, way: str, seed: int) -> None:
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    torch.save(Encoder(WIDTHS).state_dict(), folder / "encoder.pt")
    if way != "random":
        Table(folder / "log.csv", LOG).add((step, 3 - step / 100, step / 60) for step in (20, 40, 60))
    if len(parts(way)) > 1 and not way.endswith("halves"):
        rows = (
            (step, stage, 0.1 * stage - step / 100, 0.5, 2.0) for step in (0, 20, 40) for stage in range(6)
        )
        Table(folder / "gradients.csv", GRADIENTS).add(rows)


@pytest.fixture
def tiny_weights(tiny: Colorizer, tmp_path: Path) -> Path:
    """A colorizer's checkpoint."""
    path = tmp_path / "colorizer.pt"
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, path)
    return path
