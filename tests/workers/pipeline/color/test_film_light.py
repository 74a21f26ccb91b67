import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from photochrom import color
from photochrom.photo.film import SENSITIVITIES
from workers.pipeline.color.film_light import seen_by_eye
from workers.pipeline.color.pixels import colorize_pixels, lightness_of

TYPES = [np.uint8, np.uint16]
FILMS = [pytest.param(known.weights, id=film.value) for film, known in SENSITIVITIES.items()]
ab_planes = hnp.arrays(np.float32, (2, 9, 11), elements=st.floats(-110, 110, width=32))


class GivenColors:
    def __init__(self, ab):
        self.ab = np.asarray(ab, np.float32)

    def rows(self, start, lightness):
        return self.ab[:, start : start + len(lightness)]


def every_level(dtype) -> np.ndarray:
    """A picture (256, n) that holds every level of 8 or 16 bits."""
    return np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(256, -1)


def on_film(samples: np.ndarray, weights) -> np.ndarray:
    """L* of what the film makes of a picture, by the reference."""
    full = samples if samples.ndim == 3 else samples[..., None].repeat(3, -1)
    return color.lightness_of_luminance(color.linear(full / np.iinfo(full.dtype).max) @ np.array(weights))


@pytest.mark.parametrize("weights", FILMS)
@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.uint8, (9, 11)), ab_planes, st.booleans())
def test_seen_by_the_film_the_result_is_the_scan(weights, scan, ab, deep):
    scan = scan.astype(np.uint16) * 257 if deep else scan
    result = colorize_pixels(scan, GivenColors(ab), weights)
    assert result.dtype == scan.dtype
    assert_allclose(on_film(result, weights), on_film(scan, weights), atol=0.03 if deep else 0.5)


@pytest.mark.parametrize("weights", FILMS)
@pytest.mark.parametrize("dtype", TYPES)
def test_the_same_weights_make_the_scan_of_the_result_again(weights, dtype):
    scan = every_level(dtype)
    hue = np.linspace(0, 60, scan.size).reshape(scan.shape)
    result = colorize_pixels(scan, GivenColors([50 * np.cos(hue), 50 * np.sin(hue)]), weights)
    top = np.iinfo(dtype).max
    undone = color.encoded(color.linear(result / top) @ np.array(weights)) * top
    # Lost are half a level of each sample's own, and in 16 bits half a step of the tables' 65,536 of linear light.
    assert np.abs(np.rint(undone) - scan).max() <= (1 if dtype == np.uint8 else 13)
    assert np.abs(on_film(result, weights) - on_film(scan, weights)).max() < (
        0.5 if dtype == np.uint8 else 0.03
    )


@pytest.mark.parametrize("weights", FILMS)
@pytest.mark.parametrize("dtype", TYPES)
def test_grey_stays_as_it_is_to_the_bit(weights, dtype):
    scan = every_level(dtype)
    assert_array_equal(
        colorize_pixels(scan, GivenColors(np.zeros((2, *scan.shape))), weights),
        scan[..., None].repeat(3, -1),
    )
    hue = np.linspace(0, 60, scan.size).reshape(scan.shape)
    ab = np.stack([40 * np.cos(hue), 40 * np.sin(hue)])
    ab[:, ::2] = 0
    result = colorize_pixels(scan, GivenColors(ab), weights)
    assert_array_equal(result[::2], scan[::2, :, None].repeat(3, -1))


@pytest.mark.parametrize("weights", FILMS)
def test_colours_that_fit_are_the_asked_ones_at_the_lightness_that_the_equation_gives(weights):
    scan = np.tile(np.linspace(18000, 42000, 120).astype(np.uint16), (90, 1))
    hue = np.linspace(0, 6.28, 90)[:, None].repeat(120, 1)
    ab = np.stack([15 * np.cos(hue), 15 * np.sin(hue)])
    lab = color.lab(colorize_pixels(scan, GivenColors(ab), weights) / 65535)
    assert np.abs(np.moveaxis(lab[..., 1:], -1, 0) - ab).max() < 0.2
    low, high = np.zeros(scan.shape), np.full(scan.shape, 100.0)
    for _ in range(30):
        middle = (low + high) / 2
        exposure = color.linear_rgb(np.stack([middle, *ab], axis=-1)) @ np.array(weights)
        dark = exposure < color.linear(scan / 65535)
        low, high = np.where(dark, middle, low), np.where(dark, high, middle)
    assert np.abs(lab[..., 0] - low).max() < 0.1


def test_blue_film_made_the_sky_too_light_and_leaves_too_dark():
    blue = next(iter(SENSITIVITIES.values())).weights
    scan = np.full((1, 3), 60, np.float32)
    sky, grey, leaves = seen_by_eye(scan, np.float32([[[0, 0, -15]], [[-30, 0, 30]]]), blue)[0]
    assert sky < 50 < grey < 70 < leaves
    assert grey == 60


@pytest.mark.parametrize("weights", FILMS)
def test_the_light_of_colour_scans_and_in_place(weights, rgb_photo):
    hue = np.linspace(0, 9, 320 * 480).reshape(320, 480)
    colours = GivenColors([30 * np.cos(hue), 30 * np.sin(hue)])
    wanted = colorize_pixels(rgb_photo, colours, weights)
    assert np.abs(on_film(wanted, weights) - lightness_of(rgb_photo)).max() < 0.5
    assert_array_equal(colorize_pixels(rgb_photo.copy(), colours, weights, in_place=True), wanted)
