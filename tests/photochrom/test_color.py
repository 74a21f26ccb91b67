import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from photochrom import color

colours = hnp.arrays(np.float64, (7, 3), elements=st.floats(0, 1))


def srgb_surface(steps: int = 33) -> np.ndarray:
    """Encoded sRGB on the six faces of the cube."""
    u, v = np.meshgrid(np.linspace(0, 1, steps), np.linspace(0, 1, steps))
    faces = [
        np.insert(np.stack([u.ravel(), v.ravel()], -1), axis, value, -1)
        for axis in range(3)
        for value in (0, 1)
    ]
    return np.concatenate(faces)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # Lindbloom's calculator, D65
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
        ((0.5, 0.5, 0.5), (53.3890, 0, 0)),
    ],
)
def test_known_colours(rgb, lab):
    assert_allclose(color.lab(np.array(rgb, float)), lab, atol=0.01)


@given(colours)
def test_lab_and_back_is_the_same_colour(rgb):
    assert_allclose(color.srgb(color.lab(rgb)), rgb, atol=1e-6)  # the standard's own breaks


@given(colours)
def test_lightness_is_the_first_of_lab(rgb):
    assert_allclose(color.lightness(rgb), color.lab(rgb)[..., 0], atol=1e-9)


@given(st.floats(0, 100))
def test_lightness_and_luminance_undo_each_other(lightness):
    assert_allclose(
        color.lightness_of_luminance(color.luminance_of_lightness(lightness)), lightness, atol=1e-9
    )


@given(st.floats(0, 1))
def test_grey_has_no_ab(grey):
    assert_allclose(color.lab(np.full(3, grey))[1:], 0, atol=1e-12)


def test_srgb_surface_is_in_gamut_and_stays_as_it_is():
    lab = color.lab(srgb_surface())
    assert color.in_gamut(lab).all()
    assert_allclose(color.fit_gamut(lab), lab, atol=1e-9)


def test_beyond_the_srgb_surface_chroma_shrinks_to_it_along_the_hue():
    surface = color.lab(srgb_surface())
    surface = surface[np.hypot(surface[:, 1], surface[:, 2]) > 5]
    beyond = surface * [1, 1.7, 1.7]
    fitted = color.fit_gamut(beyond)
    assert color.in_gamut(fitted, 2e-5).all()
    assert_allclose(fitted[:, 0], beyond[:, 0])
    assert_allclose(fitted[:, 1] * beyond[:, 2], fitted[:, 2] * beyond[:, 1], atol=1e-9)
    # More chroma would not fit, but for a fold of the surface near yellow, where it would again a little further out.
    more = fitted * [1, 1.002, 1.002]
    assert color.in_gamut(more, 0).mean() < 0.001


@given(hnp.arrays(np.float64, (5, 3), elements=st.floats(-200, 200)))
def test_anything_fits_after_fitting(lab):
    fitted = color.fit_gamut(lab)
    assert color.in_gamut(fitted, 2e-5).all()
    assert_allclose(fitted[:, 0], np.clip(lab[:, 0], 0, 100))


def test_float32_in_float32_out():
    lab = np.full((4, 3), 50, np.float32)
    for function in (color.srgb, color.lab, color.lightness, color.fit_gamut):
        assert function(lab).dtype == np.float32
