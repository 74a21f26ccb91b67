"""The study's network: its maps, its halves, its files."""

from pathlib import Path

import pytest
import torch

from model.study.encoder import Encoder, grey
from photochrom.errors import ModelRejected

SMALL = (8, 12, 16, 20, 24)


def test_every_stage_gives_a_map():
    maps = Encoder(SMALL)(torch.randn(2, 1, 64, 64))
    assert [tuple(x.shape[1:]) for x in maps] == [
        (8, 32, 32),
        (12, 16, 16),
        (16, 8, 8),
        (20, 4, 4),
        (24, 4, 4),
    ]


def test_halves_never_see_each_other():
    encoder = Encoder(SMALL, halves=2).eval()
    photographs = torch.randn(2, 1, 64, 64)
    before = encoder(photographs)
    with torch.no_grad():
        for stage, width in zip(encoder.stages, SMALL, strict=True):
            stage[0].weight[width // 2 :] += 1
    for old, new in zip(before, encoder(photographs), strict=True):
        middle = old.shape[1] // 2
        assert torch.equal(old[:, :middle], new[:, :middle])
        assert not torch.equal(old[:, middle:], new[:, middle:])


@pytest.mark.parametrize("halves", [1, 2])
def test_a_file_tells_the_shape(tmp_path: Path, halves: int):
    encoder = Encoder(SMALL, halves=halves).eval()
    torch.save(encoder.state_dict(), tmp_path / "encoder.pt")
    read = Encoder.read(tmp_path / "encoder.pt").eval()
    photographs = torch.randn(1, 1, 64, 64)
    assert (read.widths, read.halves) == (SMALL, halves)
    assert all(torch.equal(x, y) for x, y in zip(encoder(photographs), read(photographs), strict=True))


def test_other_weights_are_refused(tmp_path: Path):
    torch.save({"weight": torch.ones(1)}, tmp_path / "other.pt")
    with pytest.raises(ModelRejected, match="not the weights"):
        Encoder.read(tmp_path / "other.pt")
    with pytest.raises(ModelRejected, match="not a readable encoder"):
        Encoder.read(tmp_path / "missing.pt")


def test_the_input_is_lightness():
    black_grey_white = torch.tensor([0, 119, 255], dtype=torch.uint8).expand(1, 3, 1, 3)
    assert grey(black_grey_white).flatten().tolist() == pytest.approx([-1, 0, 1], abs=0.01)


def test_two_encoders_lie_side_by_side():
    one, other = Encoder((8, 8, 12, 12, 16)).eval(), Encoder((8, 8, 12, 12, 16)).eval()
    for encoder in (one, other):
        encoder.train()(torch.randn(4, 1, 64, 64))  # statistics of their own
    both, photographs = Encoder.joined(one.eval(), other.eval()).eval(), torch.randn(2, 1, 64, 64)
    assert both.widths == (16, 16, 24, 24, 32)
    for whole, *parts in zip(both(photographs), one(photographs), other(photographs), strict=True):
        assert torch.allclose(whole, torch.cat(parts, 1), atol=1e-6)
