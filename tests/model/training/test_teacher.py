"""Laws of the teacher."""

import math

import pytest
import torch
from torch.nn import functional

from model.losses import SoftTargets, at_positions, color_loss, sparse_positions
from model.network import Colorizer
from model.training.augment import augment, crop, draw_windows, generator
from model.training.stored import Stored
from model.training.teacher import Teacher, Told, divergence, stored_places, taught_loss


@pytest.fixture
def stored() -> Stored:
    coarse = torch.rand(4, 3, 8, 8, generator=generator(5))
    smooth = functional.interpolate(coarse, (64, 64), mode="bicubic").clamp(0, 1)
    return Stored.of_rgb((smooth * 255).byte())


def test_a_network_that_says_what_its_teacher_says_has_no_divergence(tiny: Colorizer, stored: Stored) -> None:
    teacher = Teacher(tiny, bf16=False)
    batch = augment(stored, 64, generator(1), age=False)
    positions = sparse_positions(batch.ab, 50, generator(2))
    logits = tiny(batch.clean, positions=positions)[..., 0].transpose(1, 2)
    truth, targets = at_positions(batch.ab, positions), SoftTargets(tiny.bins)
    told = teacher.tell(batch, None, positions, generator(3))
    arguments = logits, truth, targets, tiny.log_weight, told
    assert taught_loss(*arguments, torch.ones(positions.shape)).item() == pytest.approx(0, abs=1e-4)
    own = color_loss(logits, truth, targets, tiny.log_weight)
    torch.testing.assert_close(taught_loss(*arguments, torch.zeros(positions.shape)), own)


def test_divergence_is_never_negative_and_that_of_coarser_bins() -> None:
    p, q = (torch.randn(500, 40, generator=generator(seed)).mul(2).log_softmax(-1) for seed in (0, 1))
    top = p.topk(16, -1)
    coarse = divergence(top.values.exp(), q.gather(-1, top.indices))
    full = (p.exp() * (p - q)).sum(-1)
    assert (coarse > -1e-5).all()
    assert (coarse <= full + 1e-4).all()  # merging bins never adds to it


def test_what_is_remembered_is_the_mean_of_what_was_said_of_a_photograph_and_its_mirror_image(
    tiny: Colorizer, stored: Stored
) -> None:
    teacher = Teacher(tiny, bf16=False)
    teacher.remember(stored, quiet=True)
    whole = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]).expand(4, -1, -1)
    lightness, ab = stored.lab()
    batch = augment(stored, 64, generator(1), age=False)._replace(window=whole, clean=lightness, ab=ab)
    positions = torch.arange(256).expand(4, -1)
    said, turned = (
        dense(teacher.look(x), tiny).unflatten(1, (16, 16)) for x in (lightness, lightness.flip(-1))
    )
    kept = dense(teacher.tell(batch, torch.arange(4), positions, generator(2)), tiny)
    assert ((said + turned.flip(2)).flatten(1, 2) / 2 - kept).abs().max() < 0.01


def dense(told: Told, network: Colorizer) -> torch.Tensor:
    return torch.zeros(*told.bins.shape[:2], len(network.bins)).scatter_(-1, told.bins, told.share)


def test_positions_of_a_crop_are_found_in_the_whole() -> None:
    rows = torch.arange(64.0)[:, None].expand(64, 64)
    maps = torch.stack([rows, rows.T]).expand(50, -1, -1, -1)
    windows = draw_windows(50, generator(0), 0.5)
    positions = torch.arange(56 * 56).expand(50, -1)
    shown = crop(maps, windows, 56).flatten(2)
    places = torch.stack([stored_places(windows, positions, 56, 64, generator(seed)) for seed in range(30)])
    assert ((places // 64 - shown[:, 0]).abs() < 1.001).all()
    assert ((places % 64 - shown[:, 1]).abs() < 1.001).all()
    mean = (places % 64).float().mean(0) - shown[:, 1]
    assert mean.abs().mean() < 1 / math.sqrt(12)  # drawn as bilinear interpolation weighs them
    assert mean.mean().abs() < 0.01


def test_trust_is_a_share(tiny: Colorizer) -> None:
    logits = torch.randn(2, 9, len(tiny.bins), generator=generator(0))
    ab = torch.randn(2, 9, 2, generator=generator(1)) * 20
    told = Told(torch.arange(5).expand(2, 9, 5), torch.full((2, 9, 5), 0.15))
    losses = [
        taught_loss(logits, ab, SoftTargets(tiny.bins), tiny.log_weight, told, torch.full((2, 9), trust))
        for trust in (0.0, 0.5, 1.0)
    ]
    torch.testing.assert_close(losses[1], (losses[0] + losses[2]) / 2)
