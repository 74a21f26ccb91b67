import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from photochrom.seeing.stretch import find_stretch

SCENE = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)


def scan(black: float, white: float) -> np.ndarray:
    return black + (white - black) * SCENE


def seen(black: float, white: float) -> np.ndarray:
    lightness = scan(black, white)
    stretch = find_stretch(lightness)
    return stretch.of(lightness) if stretch else lightness


@given(st.floats(0, 35), st.floats(66, 100))
def test_a_scan_of_ordinary_contrast_is_seen_as_it_is(black: float, white: float) -> None:
    assert find_stretch(scan(black, max(white, black + 65))) is None


@given(st.floats(0, 99), st.floats(0, 100))
def test_order_stays_and_steps_grow_sixfold_at_most(black: float, span: float) -> None:
    before, after = scan(black, min(black + span, 100)), seen(black, min(black + span, 100))
    steps = np.diff(after.ravel())
    assert steps.min() >= -1e-4
    assert (steps <= 6.01 * np.diff(before.ravel()) + 1e-3).all()
    assert 0 <= after.min() <= after.max() <= 100


@given(st.floats(0, 60), st.floats(15, 70))
def test_a_little_more_contrast_changes_little(black: float, span: float) -> None:
    assert_allclose(seen(black, black + span), seen(black, black + span + 0.05), atol=2)


@given(st.floats(0, 60), st.floats(16, 40))
def test_faded_and_dark_scans_of_a_scene_are_seen_alike(black: float, span: float) -> None:
    assert_allclose(seen(black, black + span), seen(40, 80), atol=0.2)


def test_a_blank_sheet_stays_blank() -> None:
    assert_allclose(seen(80, 80), seen(80, 80)[0, 0], atol=1e-3)
