from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from model.answers import answer_of
from model.checkpoint import load_network
from model.fit_hints import drawn_loss, fit, main, see
from model.network import Colorizer, NetworkConfig
from model.training.config import RunConfig
from model.training.data import HeldPhotos

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


def test_the_spread_has_the_shape_that_the_configuration_gives(
    start: list[str], photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "hints.toml").write_text(CONFIG + "network = { spread = [3, 5] }")
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "hints.pt")]) == 0
    fitted = load_network(tmp_path / "hints.pt")
    assert fitted.config.spread == (3, 5)
    assert fitted.spread is not None
    assert fitted.spread.look.out_channels == 15


def test_a_network_that_does_not_answer_in_bins_is_refused(
    start: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = Colorizer(torch.zeros(1, 2), torch.zeros(1), NetworkConfig(encoder="tiny", answer="ab"))
    torch.save({"network": asdict(network.config), "average": network.state_dict()}, tmp_path / "start.pt")
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "hints.pt")]) == 1
    assert "answers in bins" in capsys.readouterr().err


def test_false_hints_are_part_of_the_loss(photos: Path, tiny: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "hints.toml").write_text(CONFIG)
    config = RunConfig.read(tmp_path / "hints.toml")
    held = HeldPhotos.load([photos], config.stored_side, config.batch, config.seed, "cpu", config.limit)
    seen = see(tiny.requires_grad_(False), held, config)
    assert tiny.spread is not None
    torch.nn.init.constant_(tiny.spread.gain, 2.0)

    def loss(**weights: float) -> float:
        weighted = config.model_copy(update=weights)
        return float(drawn_loss(tiny, answer_of(tiny), seen, weighted, step=0))

    leak, unheard = (loss(**{name: 1.0}) - loss() for name in ("leak", "unheard"))
    assert leak > 0.1  # a spread that has not learned tells all alike
    assert loss(leak=2.0, unheard=3.0) == pytest.approx(loss() + 2 * leak + 3 * unheard, rel=1e-4)
    torch.nn.init.zeros_(tiny.spread.gain)  # tells nothing: nothing leaks, all is left of the way
    leak, silent = (loss(**{name: 1.0}) - loss() for name in ("leak", "unheard"))
    assert leak == pytest.approx(0, abs=1e-4)
    assert silent > unheard + 0.1


@pytest.mark.parametrize(
    "network",
    [
        "blocks = 6",
        "spread = [8]",
        "spread = [0, 8]",
        "spread = [8.5, 16]",
        "spread = 8",
        'spread = ["many", "wide"]',
        "spread = [8, 8], context = 8",
    ],
)
def test_a_configuration_that_asks_for_more_than_a_spread_is_refused(
    network: str, start: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hints.toml").write_text(CONFIG + f"network = {{ {network} }}")
    assert main([*start, "--photos", str(photos), "--out", str(tmp_path / "hints.pt")]) == 1
    assert "pread" in capsys.readouterr().err
    assert not (tmp_path / "hints.pt").exists()


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
