import json
from pathlib import Path

import pytest
import torch

from model.compare import WAYS, compare, main, table
from model.training.config import RunConfig
from photochrom.errors import ModelRejected

BUDGET = """
network = { encoder = "tiny", context = 32, blocks = 1, heads = 2, decoder = [32, 32, 32] }
hints = 0.0
palette = 0.0
side = 64
stored_side = 96
positions = 64
steps = 4
batch = 4
warmup = 1
average = 0.5
log_every = 2
"""


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's configurations with networks small enough for a test."""
    folder = tmp_path_factory.mktemp("configs")
    for way in WAYS:
        config = RunConfig.read(Path(f"model/configs/{way}.toml"))
        fields = {
            "encoder": "tiny",
            "context": 32,
            "blocks": 1,
            "heads": 2,
            "decoder": [32, 32, 32],
            "hints": 8,
        }
        network = ", ".join(
            f"{key} = {json.dumps(value)}" for key, value in {**config.network, **fields}.items()
        )
        rest = (
            f'bins = "{config.bins}"\nrebalance = {config.rebalance}\nceiling = {config.ceiling}\nsteps = 1\n'
        )
        (folder / f"{way}.toml").write_text(f"network = {{ {network} }}\n{rest}")
    return folder


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("budget") / "budget.toml"
    path.write_text(BUDGET.replace(BUDGET.splitlines()[1], ""))
    return path


@pytest.fixture
def small(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.compare.CONFIGS", configs)


@pytest.mark.usefixtures("small")
def test_one_command_trains_and_measures_every_way(
    photos: Path, good_photos: Path, budget: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--photos", str(photos), "--validation", str(good_photos), "--budget", str(budget)]
    arguments += ["--out", str(tmp_path), "--init", "scratch", "--limit", "4", "--device", "cpu"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "compare.md").read_text() == printed
    rows = json.loads((tmp_path / "compare.json").read_text())
    assert [row["way"] for row in rows] == [name for name, _ in WAYS.values()]
    assert [len(row["settings"]) for row in rows] == [3, 1, 1, 1]
    assert all(row["settings"][0]["psnr"] > 10 for row in rows)
    assert len(printed.splitlines()) == 2 + 6 + 1
    saved = {way: torch.load(tmp_path / way / "last.pt", weights_only=True) for way in WAYS}
    assert all(run["step"] == 4 for run in saved.values())
    assert len(saved["zhang"]["average"]["bins"]) == 313
    assert saved["larsson"]["average"]["classify.weight"].shape[0] == 64
    assert saved["l2"]["average"]["classify.weight"].shape[0] == 2
    # Once more: nothing is trained again, the figures are the same.
    times = {way: (tmp_path / way / "last.pt").stat().st_mtime_ns for way in WAYS}
    assert main(arguments) == 0
    assert capsys.readouterr().out == printed
    assert times == {way: (tmp_path / way / "last.pt").stat().st_mtime_ns for way in WAYS}


@pytest.mark.usefixtures("small")
def test_a_run_of_another_budget_is_not_taken_for_ours(
    photos: Path, good_photos: Path, budget: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "standing" / "last.pt"
    checkpoint.parent.mkdir()
    torch.save({"run": {"steps": 5}, "step": 5}, checkpoint)
    with pytest.raises(ModelRejected, match="another --out"):
        compare([photos], good_photos, budget, tmp_path, init="scratch")
    checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(ModelRejected, match="not a checkpoint"):
        compare([photos], good_photos, budget, tmp_path, init="scratch")


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--photos", str(tmp_path / "absent"), "--validation", "absent", "--out", str(tmp_path)]
    assert main([*arguments, "--device", "cpu"]) == 1
    assert "absent" in capsys.readouterr().err


def test_the_table_names_the_setting_only_where_there_is_a_choice() -> None:
    figures = dict.fromkeys(("psnr", "rmse_ab", "ssim", "colourfulness", "patchiness"), 1.0)
    figures |= {"vividness": 0, "temperature": 1, "psnr_grey": 20.5, "colourfulness_truth": 42.9}
    two = {"way": "two", "parameters": 14_400_000, "settings": [figures, figures]}
    one = {"way": "one", "parameters": 6_000_000, "settings": [figures]}
    lines = table([two, one]).splitlines()
    assert lines[2] == "| two | 14.4 M | 0, 1 | 1.00 | 1.00 | 1.000 | 1.00 | 1.00 |"
    assert lines[4] == "| one | 6.0 M |  | 1.00 | 1.00 | 1.000 | 1.00 | 1.00 |"
    assert "20.50" in lines[-1]
    assert "42.90" in lines[-1]


def test_the_ways_share_all_but_their_way() -> None:
    for budget in ("budget-cpu.toml", "budget-gpu.toml"):
        shared = None
        for way in WAYS:
            config = RunConfig.read(Path(f"model/configs/{way}.toml"), Path(f"model/configs/{budget}"))
            rest = config.model_dump(exclude={"network", "bins", "rebalance", "ceiling"})
            shared = shared or rest
            assert rest == shared
