import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from photochrom.photo.hints import Hint
from photochrom.seeing.resize import resized
from photochrom.seeing.see import Seen, see
from support.networks.tiny_model import CARD


class Formula:
    """Answers with the lightness itself, averaged to cells, and remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []
        self.hints: list[tuple[Hint, ...]] = []

    def __call__(self, lightness: np.ndarray, hints: tuple[Hint, ...]) -> np.ndarray:
        self.seen.append(lightness)
        self.hints.append(hints)
        return resized(lightness, tuple(side // CARD.stride for side in lightness.shape))[None]


def shown(photo: np.ndarray, formula: Formula, hints: tuple[Hint, ...] = (), **told) -> Seen:
    return see(lambda size: resized(photo, size), photo.shape, CARD, formula, hints, **told)


def ramp(height: int, width: int) -> np.ndarray:
    across = np.linspace(0, 100, width, dtype=np.float32)
    return np.tile(across, (height, 1))


def test_an_ordinary_photograph_costs_one_prediction_of_itself() -> None:
    photo, formula = ramp(100, 200), Formula()
    hints = (Hint(x=0.2, y=0.3, a=1, b=2),)
    found = shown(photo, formula, hints)
    assert formula.hints == [hints]
    assert_array_equal(formula.seen[0], resized(photo, formula.seen[0].shape))
    assert_array_equal(found.lightness, formula.seen[0])
    assert found.shown.all()
    assert not found.notes


def test_a_faded_photograph_keeps_its_light_and_is_seen_stretched() -> None:
    photo, formula = 60 + ramp(100, 100) * 0.2, Formula()
    found = shown(photo, formula)
    assert np.ptp(formula.seen[0]) > 85
    assert_allclose(np.ptp(found.lightness), 20, atol=1)
    assert "stretched" in found.notes[0]


@pytest.mark.parametrize("tall", [False, True])
def test_windows_of_a_strip_come_together_where_they_belong(tall: bool) -> None:
    photo, formula, looks = ramp(100, 1000), Formula(), []
    hint = Hint(x=0.95, y=0.5, a=1, b=2)
    if tall:
        photo, hint = photo.T.copy(), Hint(x=0.5, y=0.95, a=1, b=2)
    found = shown(photo, formula, (hint,), on_view=lambda: looks.append(len(formula.seen)))
    planes = found.planes[0].T if tall else found.planes[0]
    stretched = np.linspace(0, 100, planes.shape[1])
    assert_allclose(planes, np.tile(stretched, (len(planes), 1)), atol=1)
    assert looks == list(range(1, len(formula.seen)))
    assert [len(hints) for hints in formula.hints] == [0] * (len(formula.seen) - 1) + [1]
    placed = formula.hints[-1][0]
    assert 0.5 < (placed.y if tall else placed.x) < 0.95


def test_a_mount_has_no_colour_and_the_photograph_the_full_size() -> None:
    page, formula = np.full((800, 600), 95, np.float32), Formula()
    page[200:600, 100:500] = ramp(400, 400) * 0.8
    found = shown(page, formula, (Hint(x=0.5, y=0.5, a=1, b=2),))
    (seen,), (hints,) = formula.seen, formula.hints
    assert seen.shape == (CARD.predict_side, CARD.predict_side)
    assert (hints[0].x, hints[0].y) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.5, abs=0.02))
    inside = found.shown[found.shown.shape[0] // 2, found.shown.shape[1] // 2]
    assert inside
    assert not found.shown[0].any()
    assert not found.planes[:, ~found.shown].any()
    assert found.shown.mean() == pytest.approx(1 / 3, abs=0.02)
