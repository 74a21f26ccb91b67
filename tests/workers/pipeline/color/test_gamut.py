import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from photochrom import color
from workers.pipeline.color.gamut import fit


def colours(chroma: float, shape: tuple[int, int] = (200, 250)) -> np.ndarray:
    """CIELAB (3, n, W) of one chroma, all lightnesses and hues."""
    random = np.random.default_rng(3)
    lightness, hue = random.uniform(1, 99, shape), random.uniform(0, 2 * np.pi, shape)
    return np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)]).astype(np.float32)


def test_the_table_comes_close_to_the_exact_edge():
    lab = colours(150)
    found = np.hypot(*fit(lab[0], lab[1:]))
    expected = np.hypot(*np.moveaxis(color.fit_gamut(np.moveaxis(lab, 0, -1)), -1, 0)[1:])
    error = np.abs(found - expected) / np.maximum(expected, 5)
    assert np.median(error) < 0.002
    assert np.quantile(error, 0.99) < 0.02


@pytest.mark.parametrize("chroma", [0, 5, 25, 60, 150])
def test_hue_is_kept_and_chroma_never_grows(chroma):
    lab = colours(chroma)
    found = fit(lab[0], lab[1:])
    assert_allclose(found[0] * lab[2], found[1] * lab[1], atol=0.02)
    assert (np.hypot(*found) <= np.hypot(*lab[1:]) * (1 + 1e-6)).all()


def test_colours_well_inside_are_not_touched():
    lab = colours(12)
    inside = color.in_gamut(np.moveaxis(lab, 0, -1) * [1, 1.2, 1.2])
    assert inside.mean() > 0.8
    assert_allclose(fit(lab[0], lab[1:])[:, inside], lab[1:][:, inside], rtol=1e-6)


def test_pictures_wider_than_opencv_s_limit():
    lab = colours(90, (2, 40_000))
    whole = fit(lab[0], lab[1:])
    assert_array_equal(whole[:, :, 31_990:32_010], fit(lab[0][:, 31_990:32_010], lab[1:, :, 31_990:32_010]))
