import numpy as np
import pytest

from model.repair.data import UNSURE, crop
from model.repair.defects import DRAWERS, HELD_OUT, TRAINED, VISIBLE, damage


@pytest.mark.parametrize("kind", DRAWERS)
def test_every_kind_shows_and_changes_nothing_outside_its_mask(kind: str) -> None:
    grey = np.full((256, 256), 50, np.float32)
    shares = []
    for seed in range(6):
        worn = damage(grey, np.random.default_rng(seed), (kind,))
        assert worn.mask.shape == grey.shape
        assert 0 <= worn.lightness.min() <= worn.lightness.max() <= 100
        assert np.abs(worn.lightness - grey)[~worn.mask].max() <= VISIBLE
        shares.append(worn.mask.mean())
    assert 0 < np.mean(shares) < 0.3


def test_the_same_seed_draws_the_same() -> None:
    grey = np.full((128, 128), 50, np.float32)
    first, second = (damage(grey, np.random.default_rng(3), tuple(DRAWERS)) for _ in range(2))
    assert (first.lightness == second.lightness).all()


def test_training_never_sees_the_kinds_held_out() -> None:
    assert not set(TRAINED) & set(HELD_OUT)
    assert set(TRAINED) | set(HELD_OUT) == set(DRAWERS)


def test_crops_are_clean_or_say_where_they_are_not() -> None:
    rng = np.random.default_rng(5)
    photographs = rng.integers(0, 256, (3, 256, 256)).astype(np.uint8)
    crops = [crop(photographs, 96, rng) for _ in range(24)]
    assert {c.lightness.shape for c in crops} == {c.damaged.shape for c in crops} == {(96, 96)}
    assert {0, 1} <= set(np.unique([c.damaged for c in crops])) <= {0, 1, 255}
    assert 0 < np.mean([not c.damaged.any() for c in crops]) < 0.7
    assert UNSURE < VISIBLE
