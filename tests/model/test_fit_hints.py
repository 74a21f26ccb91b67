from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_network
from model.config import RunConfig
from model.data import HeldPhotos
from model.fit_hints import fit, main, see
from model.network import Colorizer

CONFIG = """
side = 64
stored_side = 64
hints = 1.0
limit = 8
positions = 64
steps = 30
batch = 4
learning_rate = 3e-3
warmup = 2
log_every = 10
"""


@pytest.fixture
def start(tiny: Colorizer, tmp_path: Path) -> list[str]:
    """The arguments that name a configuration and weights."""
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, tmp_path / "start.pt")
    (tmp_path / "hints.toml").write_text(CONFIG)
    return ["--config", str(tmp_path / "hints.toml"), "--init", str(tmp_path / "start.pt")]


def test_only_the_spread_learns(start: list[str], photos: Path, tmp_path: Path, tiny: Colorizer) -> None:
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "new" / "hints.pt")]) == 0
    fitted = load_network(tmp_path / "new" / "hints.pt")
    before, after = tiny.state_dict(), fitted.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"spread.look.weight", "spread.reach", "spread.pull", "spread.gain"}
    light = torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(0)) * 100
    with torch.no_grad():
        assert torch.equal(fitted(light, torch.zeros(1, 3, 64, 96)), tiny(light))


def test_hints_come_to_help(photos: Path, tiny: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "hints.toml").write_text(CONFIG)
    config = RunConfig.read(tmp_path / "hints.toml")
    held = HeldPhotos.load([photos], config.stored_side, config.batch, config.seed, "cpu", config.limit)
    losses = fit(tiny.requires_grad_(False), see(tiny, held, config), config)
    assert sum(losses[-5:]) < 0.95 * sum(losses[:5])


@pytest.mark.parametrize("absent", ["--config", "--init", "--photos"])
def test_the_command_says_what_is_missing(
    absent: str, start: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*start, "--photos", str(photos), "--out", str(tmp_path / "hints.pt"), absent, "absent.pt"]
    assert main(arguments) == 1
    assert "absent.pt" in capsys.readouterr().err
