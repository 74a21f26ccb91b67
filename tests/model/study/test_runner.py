"""The whole study on a folder of scenes: it goes on with what is missing, and twice it is the same."""

import json
from pathlib import Path

import pytest
import torch

from model.study.budget import Budget
from model.study.plans import PLANS
from model.study.runner import Study, labelled_paths
from model.study.tables import COSTS, RESULTS, SNAPSHOTS, Row, Table
from model.study.uses.budget import UsesBudget
from model.study.uses.every import USES
from photochrom.errors import ModelRejected, PhotoRejected
from support.pictures.probe_sets import write_classes, write_streets

torch.set_num_threads(1)

BUDGET = Budget.read("tiny").model_copy(
    update={
        "photographs": 20,
        "views": 32,
        "ways": ("random", "histograms"),
        "uses": UsesBudget(
            train=40, validation=20, features=16, shares=(1,), tune_steps=(1,), frames=2, test_frames=1,
            positions=16, head_steps=2, segment_steps=1, segment_batch=1,
        ),
    }
)  # fmt: skip


@pytest.fixture(scope="session")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probes")
    write_classes(folder / "tiny-imagenet-4.npz")
    write_streets(folder / "camvid-small.npz")
    return folder


def rows(folder: Path) -> list[Row]:
    return Table(folder / "results.csv", RESULTS).rows()


def test_a_study_goes_on_with_what_is_missing(photos: Path, probes: Path, tmp_path: Path):
    whole, parts = tmp_path / "a" / "tiny", tmp_path / "b" / "tiny"
    Study(BUDGET, [photos], probes, whole).run()
    assert {(row["way"], row["seed"]) for row in rows(whole)} == {
        ("random", "0"),
        ("histograms", "0"),
        ("histograms", "1"),
    }
    Study(BUDGET, [photos], probes, parts).run(["random"])
    assert {row["way"] for row in rows(parts)} == {"random"}
    encoder = parts / "random" / "seed0" / "encoder.pt"
    written = encoder.stat().st_mtime_ns
    results = Table(parts / "results.csv", RESULTS)
    results.keep(lambda row: row["use"] != "finetune")  # as if it had been interrupted before that use
    Study(BUDGET, [photos], probes, parts).run()
    assert encoder.stat().st_mtime_ns == written
    assert sorted(map(str, rows(parts))) == sorted(map(str, rows(whole)))
    before = (parts / "results.csv").stat().st_mtime_ns
    Study(BUDGET, [photos], probes, parts).run()  # nothing is missing
    assert (parts / "results.csv").stat().st_mtime_ns == before


def test_decisive_ways_are_probed_on_their_way(photos: Path, probes: Path, tmp_path: Path):
    Study(BUDGET, [photos], probes, tmp_path / "tiny").run()
    snapshots = Table(tmp_path / "tiny" / "snapshots.csv", SNAPSHOTS).rows()
    assert [(row["way"], row["seed"], row["learned"], row["stage"]) for row in snapshots] == [
        ("histograms", seed, "0.5", str(stage)) for seed in ("0", "1") for stage in range(1, 6)
    ]


def test_every_way_and_every_use_runs(photos: Path, probes: Path, tmp_path: Path):
    budget = BUDGET.model_copy(update={"ways": tuple(PLANS), "views": 16, "decisive": ()})
    Study(budget, [photos], probes, tmp_path / "tiny").run()
    found = rows(tmp_path / "tiny")
    assert {row["way"] for row in found} == set(PLANS)
    assert {row["use"].removesuffix("-finetune") for row in found} == set(USES)
    assert all(0 <= float(row["value"]) <= 1 for row in found)


def test_another_budget_or_other_photographs_need_another_folder(
    photos: Path, good_photos: Path, probes: Path, tmp_path: Path
):
    Study(BUDGET, [photos], probes, tmp_path / "tiny")
    Study(BUDGET.model_copy(update={"seeds": 2}), [photos], probes, tmp_path / "tiny")  # more of the same
    with pytest.raises(ModelRejected, match="another budget"):
        Study(BUDGET.model_copy(update={"rate": 1.0}), [photos], probes, tmp_path / "tiny")
    with pytest.raises(ModelRejected, match="other photographs"):
        Study(BUDGET, [good_photos], probes, tmp_path / "tiny")
    assert json.loads((tmp_path / "tiny" / "budget.json").read_text())["rate"] == BUDGET.rate


def test_minutes_choose_the_views_once(
    photos: Path, probes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    endless, folder = BUDGET.model_copy(update={"views": 10**9}), tmp_path / "tiny"
    views = Study(endless, [photos], probes, folder, minutes=10).budget.views
    assert BUDGET.batch <= views < 10**9
    assert f"{views:,} views for each way" in capsys.readouterr().err
    assert [row["name"] for row in Table(folder / "costs.csv", COSTS).rows()] == ["histograms", *USES]
    again = Study(endless, [photos], probes, folder, minutes=99)  # what has begun goes on with the same views
    assert again.budget.views == views
    again.ends = 0
    again.run()
    assert "The minutes are over" in capsys.readouterr().err
    assert not rows(folder)


def test_labelled_sets_are_found(probes: Path, tmp_path: Path):
    assert [path.name for path in labelled_paths(probes)] == ["tiny-imagenet-4.npz", "camvid-small.npz"]
    with pytest.raises(PhotoRejected, match="tiny-imagenet"):
        labelled_paths(tmp_path)
