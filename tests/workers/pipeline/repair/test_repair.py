"""Repair at full size: what is filled is near the truth, and nothing else is touched."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.photo.restoration import DefectKind
from support.pictures.damage import KnownDamage, damaged, drawn
from workers.pipeline.repair import repair
from workers.pipeline.repair.classical import ClassicalFinder
from workers.pipeline.repair.marks import FILLED, LEFT, WIDEST
from workers.pipeline.repair.repair import filled, find
from workers.sure import Sure


@pytest.fixture(params=["grey-8", "grey-16", "rgb-8", "rgb-16"])
def photograph(request, rgb_photo) -> np.ndarray:
    pixels = rgb_photo if "rgb" in request.param else np.ascontiguousarray(rgb_photo[..., 1])
    return pixels.astype(np.uint16) * 257 if "16" in request.param else pixels


def mask_of(shape: tuple[int, int]) -> np.ndarray:
    return np.where(drawn(shape), FILLED, 0).astype(np.uint8)


def psnr(found: np.ndarray, truth: np.ndarray) -> float:
    scale = np.iinfo(truth.dtype).max
    return -10 * np.log10(np.square((found.astype(float) - truth) / scale).mean())


def test_nothing_outside_the_mask_changes(photograph):
    mask = mask_of(photograph.shape[:2])
    result = filled(damaged(photograph, mask > 0), mask)
    assert result.dtype == photograph.dtype
    assert_array_equal(result[mask == 0], photograph[mask == 0])


def test_what_is_filled_is_near_the_truth(photograph):
    mask = mask_of(photograph.shape[:2])
    worn = damaged(photograph, mask > 0)
    inside = mask > 0
    before, after = (psnr(picture[inside], photograph[inside]) for picture in (worn, filled(worn, mask)))
    assert after > before + 8


def test_in_place_is_the_same(photograph):
    mask = mask_of(photograph.shape[:2])
    worn = damaged(photograph, mask > 0)
    apart = filled(worn, mask)
    assert filled(worn, mask, in_place=True) is worn
    assert_array_equal(worn, apart)


def test_the_same_photograph_gets_the_same_grain(photograph):
    mask = mask_of(photograph.shape[:2])
    worn = damaged(photograph, mask > 0)
    assert_array_equal(filled(worn, mask), filled(worn, mask))


def test_a_filled_place_has_the_grain_of_its_surroundings():
    flat = np.clip(np.random.default_rng(2).normal(128, 6, (200, 200)), 0, 255).astype(np.uint8)
    mask = np.zeros(flat.shape, np.uint8)
    mask[96:104, 20:180] = FILLED
    result = filled(damaged(flat, mask > 0), mask)
    assert 0.6 < result[mask > 0].std() / flat[mask == 0].std() < 1.3


def test_damage_that_is_left_lends_nothing_to_its_surroundings():
    grey = np.full((120, 120), 90, np.uint8)
    mask = np.zeros(grey.shape, np.uint8)
    mask[40:80, 40:80], mask[40:80, 80:84] = LEFT, FILLED
    result = filled(damaged(grey, mask > 0), mask)
    assert (result[mask == FILLED] == 90).all()
    assert (result[mask == LEFT] == 255).all()


def test_tiles_do_not_show(monkeypatch, rgb_photo):
    """Scratches go on over the borders of tiles as if there were none; the grain alone is drawn by tile."""
    grey = np.ascontiguousarray(rgb_photo[..., 1])
    mask = mask_of(grey.shape)
    monkeypatch.setattr(repair, "grain_of", lambda planes, damaged, wanted, values: np.zeros_like(values))
    whole = filled(damaged(grey, mask > 0), mask)
    monkeypatch.setattr(repair, "_FILLED_TILE", 64)
    assert_array_equal(filled(damaged(grey, mask > 0), mask), whole)


def test_what_is_too_wide_is_left_and_counted():
    wide = np.zeros((200, 200), bool)
    wide[60 : 60 + 2 * WIDEST, 60 : 60 + 2 * WIDEST] = True
    wide[20:24, 20:24] = True
    found = find(np.full(wide.shape, 100, np.uint8), KnownDamage(wide), 0.5)
    assert found.repairs.left == 1
    assert found.repairs.counts == {DefectKind.SPECK: 1}
    assert found.mask[100, 100] == LEFT
    assert found.mask[22, 22] == FILLED
    assert found.repairs.changed == (found.mask == FILLED).mean()


def test_a_defect_across_tiles_counts_once(monkeypatch):
    worn = np.full((300, 300), 120, np.uint8)
    worn[149:152, 10:290] = 255
    worn[40:44, 127:130] = 255
    monkeypatch.setattr(repair, "_FOUND_TILE", 128)
    found = find(worn, ClassicalFinder(), 0.5)
    assert found.repairs.counts == {DefectKind.SCRATCH: 1, DefectKind.SPECK: 1}
    assert (found.mask[149:152, 10:290] == FILLED).all()


def test_forms_are_told_apart():
    worn = np.zeros((300, 300), bool)
    worn[20:22, 20:260] = True  # a scratch
    worn[60:65, 60:65] = True  # a speck
    worn[100:120, 200:216] = True  # a spot
    cv2.ellipse(canvas := np.zeros(worn.shape, np.uint8), (100, 180), (60, 60), 0, 0, 280, 1, 2)
    worn |= canvas > 0  # a fibre
    found = find(np.full(worn.shape, 100, np.uint8), KnownDamage(worn), 0.5)
    assert found.repairs.counts == dict.fromkeys(DefectKind, 1)


@pytest.mark.parametrize("polarity", [0, 255])
def test_the_classical_finder_finds_specks_on_calm_ground(polarity):
    grain = np.random.default_rng(3).normal(128, 2, (256, 256))
    worn = np.clip(grain, 0, 255).astype(np.uint8)
    truth = np.zeros(worn.shape, bool)
    truth[50:54, 50:55] = truth[120:123, 180:183] = truth[200:202, 30:90] = True
    worn[truth] = polarity
    found = find(worn, ClassicalFinder(), 0.5).mask > 0
    assert found[truth].all()
    assert found[~truth].mean() < 0.01


def test_a_calm_photograph_stays_as_it_is():
    grain = np.clip(np.random.default_rng(4).normal(128, 3, (400, 400)), 0, 255).astype(np.uint8)
    assert not find(grain, ClassicalFinder(), 0.5).mask.any()


def test_a_doubtful_speck_counts_on_calm_ground_alone():
    calm = np.random.default_rng(1).normal(120, 2, (80, 160))
    calm[:, 80:] += 40 * np.random.default_rng(2).standard_normal((80, 80))
    levels = np.clip(calm, 0, 255).astype(np.uint8)
    sureness = np.zeros(levels.shape, np.uint8)
    sureness[40:44, 40:44] = sureness[40:44, 120:124] = 150
    levels[sureness > 0] = 250

    class Doubting:
        margin = 0

        def thresholds(self, strength):
            return Sure(100, 140, 200, 200)

        def find(self, lightness):
            return sureness

    found = find(levels, Doubting(), 0.5).mask
    assert found[41, 41] == FILLED
    assert not found[:, 80:].any()


def test_a_speck_may_be_asked_for_less_sureness_than_a_line():
    sureness = np.zeros((64, 96), np.uint8)
    sureness[10:14, 10:14] = sureness[40:43, 10:80] = 180

    class Careful:
        margin = 0

        def thresholds(self, strength):
            return Sure(100, 170, 170, 200)

        def find(self, lightness):
            return sureness

    found = find(np.full(sureness.shape, 90, np.uint8), Careful(), 0.5)
    assert found.repairs.counts == {DefectKind.SPECK: 1}


def test_more_strength_takes_more():
    sure = np.zeros((64, 64), np.uint8)
    for row, level in enumerate((60, 145, 180, 250)):
        sure[10 * row + 5 : 10 * row + 8, 10:40] = level

    class Doubtful:
        margin = 0
        thresholds = ClassicalFinder().thresholds

        def find(self, lightness):
            return sure

    shares = [find(np.full(sure.shape, 90, np.uint8), Doubtful(), s).repairs.changed for s in (0, 0.5, 1)]
    assert 0 < shares[0] < shares[1] < shares[2] < 1
