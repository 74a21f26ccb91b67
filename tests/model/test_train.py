import csv
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.checkpoint import load_network
from model.evaluate import evaluate
from model.network import CONDITIONS, Colorizer
from model.predict import TorchPredict
from model.train import adamw, descend, learning_rate, main, start_run, train
from model.training.config import RunConfig
from photochrom.errors import ModelRejected

TINY = RunConfig.read(Path("model/configs/tiny.toml"))


def losses(out: Path) -> list[float]:
    with (out / "log.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]


@pytest.fixture(scope="module")
def whole(photos: Path, good_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run from start to end, measured as it goes."""
    out = tmp_path_factory.mktemp("whole")
    train(TINY, [photos], out, init="scratch", validation=good_photos)
    return out


def test_the_loss_falls(whole: Path) -> None:
    assert losses(whole)[-1] < 0.75 * losses(whole)[0]


def test_the_figures_rise_above_grey(whole: Path, good_photos: Path) -> None:
    report, _ = evaluate(TorchPredict(whole / "last.pt", "cpu"), good_photos)
    faithful = report["settings"][0]
    assert faithful["psnr"] > faithful["psnr_grey"] + 0.5


def test_a_resumed_run_follows_the_same_curve(whole: Path, photos: Path, tmp_path: Path) -> None:
    train(TINY, [photos], tmp_path, init="scratch", until=20)
    train(TINY, [photos], tmp_path, init="scratch", resume=True)
    assert losses(tmp_path) == losses(whole)
    once, twice = (torch.load(out / "last.pt", weights_only=True) for out in (whole, tmp_path))
    for name, value in once["average"].items():
        assert torch.equal(value, twice["average"][name]), name


def test_figures_and_sample_sheets_are_written_on_the_way(whole: Path) -> None:
    with (whole / "log.csv").open() as file:
        measured = [row for row in csv.DictReader(file) if row["psnr_vivid"]]
    assert [row["step"] for row in measured] == ["20", "40"]
    sheet = Image.open(whole / "sample-000040.png")
    assert sheet.size == (5 * 96, 8 * 96)  # grey, three settings and the truth beside each other
    grey = np.asarray(sheet)[:, :96]
    assert (grey.max(-1) - grey.min(-1)).max() <= 1


def test_a_streamed_set_trains_too(photos: Path, tmp_path: Path) -> None:
    config = TINY.model_copy(update={"held": False, "workers": 2, "steps": 10})
    train(config, [photos], tmp_path, init="scratch")
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]


def test_training_starts_from_other_weights(whole: Path, photos: Path, tmp_path: Path) -> None:
    config = TINY.model_copy(update={"steps": 1, "learning_rate": 1e-12})
    train(config, [photos], tmp_path, init=str(whole / "last.pt"))
    before, after = load_network(whole / "last.pt"), load_network(tmp_path / "last.pt")
    torch.testing.assert_close(after.classify.weight, before.classify.weight)
    assert torch.equal(after.log_weight, before.log_weight)


def test_conditions_learn_alone(whole: Path, photos: Path, tmp_path: Path) -> None:
    config = TINY.model_copy(update={"learn": "conditions", "steps": 5, "hints": 1.0, "palette": 1.0})
    train(config, [photos], tmp_path, init=str(whole / "last.pt"))
    before, after = (
        load_network(whole / "last.pt").state_dict(),
        load_network(tmp_path / "last.pt").state_dict(),
    )
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith(CONDITIONS) for name in changed)
    assert {name.split(".")[0] for name in changed} == {layer.rstrip(".") for layer in CONDITIONS}


def test_a_finish_leaves_the_encoder_and_the_statistics_as_they_are(
    whole: Path, photos: Path, tmp_path: Path
) -> None:
    finish = RunConfig.read(Path("model/configs/tiny.toml"), Path("model/configs/finish-cpu.toml"))
    config = finish.model_copy(update={"side": 96, "steps": 4, "batch": 4, "positions": 576, "save_every": 4})
    train(config, [photos], tmp_path, init=str(whole / "last.pt"))
    before, after = (load_network(run / "last.pt").state_dict() for run in (whole, tmp_path))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"classify", "up4", "context", "hint8"} <= {name.split(".")[0] for name in changed}
    still = [name for name in changed if name.startswith("encoder.") or ".running_" in name]
    assert not still


def test_conditions_learn_at_their_own_rate(tiny: Colorizer) -> None:
    groups = adamw(tiny, TINY.model_copy(update={"condition_rate": 5.0, "encoder_rate": 0.3})).param_groups
    rates = {id(parameter): group["rate"] for group in groups for parameter in group["params"]}
    for name, parameter in tiny.named_parameters():
        expected = 5.0 if name.startswith(CONDITIONS) else 0.3 if name.startswith("encoder.") else 1.0
        assert rates[id(parameter)] == expected


def test_a_step_that_is_not_finite_changes_nothing(photos: Path) -> None:
    from model.train import open_photos
    from model.training.distributed import Ranks

    held = open_photos(TINY, [photos], Ranks(0, 1, "cpu"))
    run = start_run(TINY, "scratch", held, "cpu")
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    parameter = run.network.classify.weight
    descend(run, (parameter * math.nan).sum(), 1e-3)
    assert all(torch.equal(value, before[name]) for name, value in run.network.state_dict().items())
    descend(run, parameter.square().sum(), 1e-3)
    assert not torch.equal(parameter, before["classify.weight"])


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    config = RunConfig(steps=1000, warmup=100, learning_rate=1.0, floor=0.01)
    assert learning_rate(config, 0) == pytest.approx(0.01)
    assert learning_rate(config, 99) == 1
    assert learning_rate(config, 550) == pytest.approx(0.505)
    assert learning_rate(config, 1000) == pytest.approx(0.01)


def test_every_configuration_in_the_package_is_valid() -> None:
    configs = sorted(Path("model/configs").glob("*.toml"))
    assert len(configs) >= 3
    for path in configs:
        RunConfig.read(path)
        assert "# command" in path.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--config", "absent.toml"], "absent.toml"),
        (["--photos", "absent"], "absent"),
        (["--init", "absent.onnx"], "absent.onnx"),
        (["--resume"], "Cannot resume"),
    ],
)
def test_the_command_says_what_is_missing(
    change: list[str], message: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--config", "model/configs/tiny.toml", "--photos", str(photos), "--out", str(tmp_path)]
    assert main([*arguments, "--init", "scratch", "--device", "cpu", *change]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "fields",
    ["evenness = 0.1", "windows = 17", "evenness = 0.1\nwindows = 17", "side = 64\nwindows = 5"],
)
def test_windows_must_fit_in_the_positions(fields: str, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(f"steps = 1\npositions = 1024\n{fields}\n")
    with pytest.raises(ModelRejected, match="window"):
        RunConfig.read(tmp_path / "run.toml")


def test_conditions_that_learn_alone_must_be_in_every_batch(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('steps = 1\nlearn = "palette"\ncondition_every = 2\n')
    with pytest.raises(ModelRejected, match="every batch"):
        RunConfig.read(tmp_path / "run.toml")


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("steps = 5\nlerning_rate = 1.0\n")
    with pytest.raises(ModelRejected, match="lerning_rate"):
        RunConfig.read(tmp_path / "run.toml")


@pytest.mark.timeout(600)
def test_two_processes_train_one_network(photos: Path, tmp_path: Path) -> None:
    config = tmp_path / "pair.toml"
    config.write_text(Path("model/configs/tiny.toml").read_text().replace("steps = 40", "steps = 6"))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "model.train", "--config", str(config), "--photos", str(photos)]
    command += ["--out", str(tmp_path / "run"), "--init", "scratch", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert len(losses(tmp_path / "run")) == 2  # one log, not two
    assert torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"] == 6


SMALL = {"encoder": "tiny", "context": 32, "blocks": 1, "heads": 2, "decoder": (32, 32, 32), "hints": 8}


@pytest.mark.parametrize("path", sorted(Path("model/configs").glob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_trains(path: Path, photos: Path, tmp_path: Path) -> None:
    config = RunConfig.read(path)
    small = {
        "side": 64,
        "stored_side": 64,
        "positions": 64,
        "steps": 2,
        "batch": 4,
        "warmup": 1,
        "limit": None,
        "windows": min(config.windows, 1),
    }
    small |= {"network": {**config.network, **SMALL}, "log_every": 1}
    train(config.model_copy(update=small), [photos], tmp_path, init="scratch")
    assert all(math.isfinite(loss) for loss in losses(tmp_path))
