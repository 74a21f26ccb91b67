import pytest
import torch

from model.training.augment import age_lightness, augment, crop, draw_windows, generator
from model.training.stored import Stored


@pytest.fixture(scope="module")
def stored() -> Stored:
    random = torch.Generator().manual_seed(9)
    return Stored.of_rgb(torch.randint(0, 256, (4, 3, 64, 64), generator=random).byte())


def test_augmentation_is_a_function_of_its_generator(stored: Stored) -> None:
    once, again = (augment(stored, 32, generator(7, 3)) for _ in range(2))
    assert torch.equal(once.lightness, again.lightness)
    assert torch.equal(once.ab, again.ab)
    other = augment(stored, 32, generator(7, 4))
    assert not torch.equal(once.ab, other.ab)


def test_crops_come_from_the_photograph() -> None:
    ramp = torch.linspace(0, 1, 64).expand(500, 1, 64, 64)
    crops = crop(ramp, draw_windows(500, generator(0)), 32)
    step = crops[:, 0].diff(dim=-1).mean((1, 2)).abs() * 31 / 63 * 64  # share of the width that is shown
    assert crops.min() >= 0
    assert crops.max() <= 1
    assert 0.43 < step.min() < 0.55
    assert 0.9 < step.max() < 1.01
    flipped = (crops[:, 0].diff(dim=-1).mean((1, 2)) < 0).float().mean()
    assert 0.4 < flipped < 0.6


def test_age_changes_light_within_its_range() -> None:
    lightness = torch.linspace(0, 100, 64).expand(400, 1, 64, 64)
    aged = age_lightness(lightness, generator(2))
    assert aged.min() >= 0
    assert aged.max() <= 100
    untouched = (aged - lightness).abs().amax((1, 2, 3)) < 1e-3
    assert 0.1 < untouched.float().mean() < 0.35  # .65 * .65 * .75 * .65 = .21 are left as they are


def test_unaged_light_is_the_photographs_own(stored: Stored) -> None:
    young = augment(stored, 64, generator(1), age=False)
    old = augment(stored, 64, generator(1), age=True)
    assert torch.equal(young.ab, old.ab)
    assert not torch.equal(young.lightness, old.lightness)


def test_the_smallest_crop_can_be_chosen() -> None:
    ramp = torch.linspace(0, 1, 64).expand(500, 1, 64, 64)
    crops = crop(ramp, draw_windows(500, generator(0), smallest=0.9), 32)
    assert (crops[:, 0].diff(dim=-1).mean((1, 2)).abs() * 31 / 63 * 64).min() > 0.9 / 1.2**0.5 - 0.1
