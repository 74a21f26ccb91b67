from pathlib import Path

import numpy as np
import torch

from model.convolved import folded
from model.repair.network import STRIDE, Finder
from model.repair.train import batches, loss_of, train


def test_a_minute_s_work_is_written_and_can_be_read(tmp_path: Path) -> None:
    photographs = np.random.default_rng(1).integers(0, 256, (4, 256, 256)).astype(np.uint8)
    train(photographs, tmp_path, minutes=0.02, size=2, side=64, seed=1)
    Finder().load_state_dict(torch.load(tmp_path / "finder.pt", weights_only=True))


def test_what_nobody_can_say_does_not_count() -> None:
    logits = torch.randn(1, 1, 8, 8)
    damaged = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    damaged[..., 4:] = 255
    other = torch.where(damaged == 255, torch.full_like(logits, 9.0), logits)
    assert torch.equal(loss_of(logits, damaged), loss_of(other, damaged))


def test_the_truth_costs_less_than_its_opposite() -> None:
    damaged = (torch.rand(2, 1, 16, 16) < 0.2).to(torch.uint8)
    right = (damaged.float() * 2 - 1) * 8
    assert loss_of(right, damaged) < 0.1 < loss_of(-right, damaged)


def test_folded_norms_give_the_same_answers() -> None:
    network = Finder()
    network(torch.rand(4, 1, 64, 64) * 100)  # norms that are not neutral
    network.eval()
    lightness = torch.rand(1, 1, 4 * STRIDE, 6 * STRIDE) * 100
    with torch.inference_mode():
        assert torch.allclose(network(lightness), folded(network)(lightness), atol=1e-4)


def test_a_seed_gives_the_same_batches() -> None:
    photographs = np.random.default_rng(1).integers(0, 256, (4, 256, 256)).astype(np.uint8)
    first, second = (next(batches(photographs, 2, 64, 7)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
