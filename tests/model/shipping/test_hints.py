"""What the shipped weights make of hints and palettes, on a photograph of two plain surfaces."""

from pathlib import Path

import pytest
import torch

from model.checkpoint import load_network
from model.network import Colorizer, decode

SHIPPED = Path("model/weights/photochrom.onnx")
REGIONS = {"left": slice(4, 28), "right": slice(36, 60)}  # columns of the answer, away from the border
COLUMNS = {"left": 60, "right": 190}  # where a hint of 7 px begins


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return load_network(SHIPPED)


def surfaces() -> torch.Tensor:
    """L* (1,1,256,256): a dark grainy surface beside a light one."""
    grain = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    lightness = 40 + 3 * grain.repeat_interleave(4, 2).repeat_interleave(4, 3)
    lightness[..., 128:] += 35
    return lightness


@torch.no_grad()
def coloured(network: Colorizer, **conditions: torch.Tensor) -> torch.Tensor:
    """The answer ab (2,64,64) at the default setting."""
    logits = network(surfaces(), **conditions)
    return decode(logits, network.bins, network.log_weight, torch.tensor(0.38), torch.tensor(0.5))[0][0]


@pytest.mark.parametrize("colour", [(50.0, 30.0), (-40.0, 30.0), (10.0, -50.0)], ids=["red", "green", "blue"])
@pytest.mark.parametrize(("region", "neighbour"), [("left", "right"), ("right", "left")])
def test_one_hint_recolours_its_region_and_not_its_neighbour(
    shipped: Colorizer, colour: tuple[float, float], region: str, neighbour: str
) -> None:
    hints = torch.zeros(1, 3, 256, 256)
    column = COLUMNS[region]
    hints[0, :, 124:131, column : column + 7] = torch.tensor([*colour, 1.0])[:, None, None]
    before, after = coloured(shipped), coloured(shipped, hints=hints)

    def missed(ab: torch.Tensor) -> torch.Tensor:
        return (ab - torch.tensor(colour)[:, None, None])[:, 8:56, REGIONS[region]].norm(dim=0).mean()

    moved = (after - before)[:, 8:56].norm(dim=0)
    assert missed(after) < 0.15 * missed(before)
    assert moved[:, REGIONS[neighbour]].mean() < 0.25 * moved[:, REGIONS[region]].mean()
