"""Weights between those of two networks."""

import copy
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from model.between import LOOKING, between, main
from model.checkpoint import load_network
from model.network import Colorizer
from photochrom.errors import ModelRejected


def trained(network: Colorizer) -> Colorizer:
    """Return a network that training moved: every weight and statistic."""
    moved = copy.deepcopy(network)
    with torch.no_grad():
        for tensor in moved.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(0.01)
    return moved


def test_the_parts_that_look_move_and_the_others_are_the_trained_ones(tiny: Colorizer) -> None:
    end = trained(tiny)
    old, new, laid = (network.state_dict() for network in (tiny, end, between(tiny, end, 0.75)))
    for name, tensor in laid.items():
        if name.startswith(LOOKING) and tensor.is_floating_point():
            torch.testing.assert_close(tensor, old[name] + 0.75 * (new[name] - old[name]))
        else:
            assert torch.equal(tensor, new[name])


@pytest.mark.parametrize(("share", "of"), [(0.0, "start"), (1.0, "end")])
def test_the_ends_of_the_way_are_the_networks_themselves(tiny: Colorizer, share: float, of: str) -> None:
    ends = {"start": tiny, "end": trained(tiny)}
    laid, expected = between(ends["start"], ends["end"], share).state_dict(), ends[of].state_dict()
    assert all(torch.equal(laid[name], expected[name]) for name in laid if name.startswith(LOOKING))


def test_neither_network_changes(tiny: Colorizer) -> None:
    end = trained(tiny)
    before = [copy.deepcopy(network.state_dict()) for network in (tiny, end)]
    between(tiny, end, 0.5)
    for kept, network in zip(before, (tiny, end), strict=True):
        assert all(torch.equal(kept[name], tensor) for name, tensor in network.state_dict().items())


def test_networks_of_other_shapes_have_no_way_between_them(tiny: Colorizer) -> None:
    other = Colorizer(tiny.bins, tiny.log_weight, replace(tiny.config, context=64))
    with pytest.raises(ModelRejected, match="differ in the shape of context"):
        between(tiny, other, 0.5)
    with pytest.raises(ModelRejected, match="no part colours"):
        between(tiny, tiny, 0.5, ("colours",))


def test_the_command_writes_a_checkpoint(
    tiny: Colorizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start, end, out = (tmp_path / f"{name}.pt" for name in ("start", "end", "out"))
    for path, network in ((start, tiny), (end, trained(tiny))):
        torch.save({"network": asdict(network.config), "average": network.state_dict()}, path)
    names = ["--from", str(start), "--to", str(end), "--share", "0.5", "--out", str(out)]
    assert main(names) == 0
    expected = between(load_network(start), load_network(end), 0.5).state_dict()
    assert all(torch.equal(expected[name], tensor) for name, tensor in load_network(out).state_dict().items())
    start.unlink()
    assert main(names) == 1
    assert "start.pt" in capsys.readouterr().err
