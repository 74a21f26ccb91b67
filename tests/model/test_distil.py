"""A lean decoder learns what finished weights say."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_network
from model.distil import LEARN, main
from model.network import Colorizer, NetworkConfig

CONFIG = """
network = { narrow = [16, 16, 16], squeeze = [12, 12, 12] }
side = 64
stored_side = 64
hints = 0.5
palette = 0.3
condition_every = 2
positions = 64
expectation = 1.0
steps = 16
batch = 4
learning_rate = 2e-3
warmup = 2
average = 0.8
log_every = 4
"""


@pytest.fixture
def start(tiny: Colorizer, tmp_path: Path) -> list[str]:
    """The arguments that name a configuration and weights, which say clearly what they mean."""
    torch.nn.init.normal_(tiny.classify.weight, std=3.0)
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, tmp_path / "start.pt")
    (tmp_path / "distil.toml").write_text(CONFIG)
    return ["--config", str(tmp_path / "distil.toml"), "--init", str(tmp_path / "start.pt")]


def test_the_decoder_alone_learns_and_comes_nearer(
    start: list[str], photos: Path, tmp_path: Path, tiny: Colorizer
) -> None:
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "runs" / "lean.pt")]) == 0
    lean = load_network(tmp_path / "runs" / "lean.pt")
    assert lean.config.squeeze == (12, 12, 12)
    old, new = tiny.state_dict(), lean.state_dict()
    around = [name for name in old if not name.startswith(LEARN)]
    assert all(torch.equal(new[name], old[name]) for name in around)
    losses = [
        float(row.split(",")[2]) for row in (tmp_path / "runs" / "lean.csv").read_text().splitlines()[1:]
    ]
    assert len(losses) == 4
    assert losses[-1] < 0.8 * losses[0]


def test_least_squares_come_first(start: list[str], photos: Path, tmp_path: Path) -> None:
    def first_loss(name: str) -> float:
        out = tmp_path / f"{name}.pt"
        assert main([*start, "--photos", str(photos), "--out", str(out)]) == 0
        return float(out.with_suffix(".csv").read_text().splitlines()[1].split(",")[2])

    config = tmp_path / "distil.toml"
    config.write_text(CONFIG.replace("steps = 16", "steps = 4").replace("2e-3", "1e-7"))
    without = first_loss("factors")
    config.write_text(config.read_text() + "fit = 64\n")
    assert first_loss("fitted") < 0.5 * without


def test_a_schedule_by_the_clock_ends_with_it(start: list[str], photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "lean.pt"
    assert main([*start, "--photos", str(photos), "--out", str(out), "--minutes", "0.0001"]) == 0
    assert load_network(out).config.narrow == (16, 16, 16)


def test_weights_that_are_lean_already_are_refused(
    start: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = (tmp_path / "distil.toml").read_text().replace("network", "# network")
    (tmp_path / "distil.toml").write_text(config)
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "lean.pt")]) == 1
    assert "leaner decoder" in capsys.readouterr().err


def test_a_teacher_that_does_not_answer_in_bins_is_refused(
    start: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = Colorizer(torch.zeros(1, 2), torch.zeros(1), NetworkConfig(encoder="tiny", answer="ab"))
    torch.save({"network": asdict(network.config), "average": network.state_dict()}, tmp_path / "start.pt")
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "lean.pt")]) == 1
    assert "answers in bins" in capsys.readouterr().err
