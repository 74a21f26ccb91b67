"""What is doubtful by itself is damage where the photograph has much damage of its form that is sure."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.photo.restoration import DefectKind
from workers.pipeline.repair import repair
from workers.pipeline.repair.marks import FILLED
from workers.pipeline.repair.repair import find
from workers.pipeline.repair.wishes import AS_FOUND, REPAIR
from workers.sure import Sure

GROUND, SURE, DOUBTFUL = 120, 200, 160


@dataclass(frozen=True)
class ByGrey:
    """A finder that is the surer, the lighter a pixel is."""

    eased: int = 30
    filled: int = 0
    margin: int = 48

    def thresholds(self, strength: float) -> Sure:
        return Sure(140, 255, 190, 190, self.eased, self.filled)

    def find(self, lightness: np.ndarray) -> np.ndarray:
        return lightness


def plane(levels: np.ndarray) -> np.ndarray:
    """Return grey samples whose L* is these levels of 255."""
    greys = np.arange(256, dtype=np.uint8)[None]
    lightness = np.rint(repair.lightness_of(greys) * 2.55)[0]
    nearest = np.array([int(np.abs(lightness - level).argmin()) for level in range(256)], np.uint8)
    return np.asarray(nearest[levels])


def photograph(size: int = 400) -> np.ndarray:
    return np.full((size, size), GROUND, np.uint8)


def scratches(levels: np.ndarray, sure: int, doubtful: int = 1, turn: float = np.pi / 8) -> np.ndarray:
    """Draw lines, each in a field of its own and turned further than the one before."""
    for number, level in enumerate([SURE] * sure + [DOUBTFUL] * doubtful):
        middle = 60 + 130 * (number % 3), 60 + 120 * (number // 3)
        reach = 50 * np.array([np.cos(number * turn), np.sin(number * turn)])
        ends = (np.rint(middle + side * reach).astype(int).tolist() for side in (-1, 1))
        cv2.line(levels, *ends, level, 3)
    return levels


def specks(levels: np.ndarray, sure: int) -> np.ndarray:
    for number in range(sure):
        levels[385:389, 20 + 15 * number : 24 + 15 * number] = SURE
    return levels


def found_of(levels: np.ndarray, finder: ByGrey | None = None) -> np.ndarray:
    """Return which doubtful pixels are filled."""
    filled: np.ndarray = find(plane(levels), finder or ByGrey(), 0.5).mask[levels == DOUBTFUL] == FILLED
    return filled


@pytest.mark.parametrize("sure", range(5))
def test_a_doubtful_scratch_counts_among_sure_ones_alone(sure: int) -> None:
    found = found_of(scratches(photograph(), sure))
    assert found.all() if sure >= 2 else not found.any()


def test_parallel_lines_vouch_for_none() -> None:
    """Bars and joints are such lines."""
    assert not found_of(scratches(photograph(), 5, turn=0)).any()


def test_dust_does_not_vouch_for_a_scratch() -> None:
    assert not found_of(specks(scratches(photograph(), 0), 20)).any()


def test_scratches_do_not_vouch_for_dust() -> None:
    levels = scratches(photograph(), 4, 0)
    levels[385:389, 300:304] = DOUBTFUL
    assert not found_of(levels).any()


def test_the_same_damage_is_little_for_a_large_photograph() -> None:
    large = photograph(1200)
    large[:400, :400] = scratches(photograph(), 4)
    assert found_of(scratches(photograph(), 4)).all()
    assert not found_of(large).any()


def test_what_is_doubtful_and_compact_is_nothing_even_among_scratches() -> None:
    levels = scratches(photograph(), 4, 0)
    levels[330:385, 300:316] = DOUBTFUL
    assert not found_of(levels).any()


def test_a_rim_that_is_less_sure_joins_a_defect_and_is_not_filled() -> None:
    levels = photograph()
    levels[100:104, 100:104], levels[100:104, 104:112] = SURE, 145
    mask = find(plane(levels), ByGrey(filled=155), 0.5).mask
    assert (mask[levels == SURE] == FILLED).all()
    assert not mask[100:104, 106:112].any()


def test_a_finder_that_allows_no_doubt_takes_only_what_is_sure() -> None:
    assert not found_of(scratches(photograph(), 4), ByGrey(eased=0)).any()


@pytest.mark.parametrize("sure", [0, 3])
def test_a_scratch_across_tiles_is_found_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, sure: int
) -> None:
    monkeypatch.setattr(repair, "_FOUND_TILE", 128)
    levels = scratches(photograph(), sure, 2)
    cv2.line(levels, (10, 375), (390, 385), DOUBTFUL, 3)
    result = find(plane(levels), ByGrey(), 0.5)
    found = result.mask[levels == DOUBTFUL] == FILLED
    assert found.all() if sure else not found.any()
    assert result.repairs.counts == ({DefectKind.SCRATCH: sure + 3} if sure else {})


@pytest.mark.parametrize("sure", [0, 3])
def test_what_is_asked_for_counts_once_however_doubtful(sure: int) -> None:
    levels = scratches(photograph(), sure)
    wishes = np.where(levels == DOUBTFUL, REPAIR, AS_FOUND).astype(np.uint8)
    result = find(plane(levels), ByGrey(), 0.5, wishes)
    assert (result.mask[levels == DOUBTFUL] == FILLED).all()
    assert result.repairs.counts == {DefectKind.SCRATCH: sure + 1}


def test_the_mask_of_a_result_gives_the_same_mask_again() -> None:
    levels = specks(scratches(photograph(), 3), 5)
    mask = find(plane(levels), ByGrey(), 0.5).mask
    assert_array_equal(
        find(plane(levels), ByGrey(), 0.5, np.where(mask == FILLED, REPAIR, 0).astype(np.uint8)).mask, mask
    )
