import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from photochrom import color
from workers.pipeline.color.pixels import colorize_pixels, lightness_of, reduced_lightness

TYPES = [np.uint8, np.uint16]


class GivenColors:
    """Full-size ab, as they are."""

    def __init__(self, ab):
        self.ab = np.asarray(ab, np.float32)

    def rows(self, start, lightness):
        return self.ab[:, start : start + len(lightness)]


def every_level(dtype) -> np.ndarray:
    """A picture (256, n) that holds every level of 8 or 16 bits."""
    levels = np.iinfo(dtype).max + 1
    return np.arange(levels, dtype=dtype).reshape(256, -1)


def lab_of(samples: np.ndarray) -> np.ndarray:
    return color.lab(samples / np.iinfo(samples.dtype).max)


@pytest.mark.parametrize("dtype", TYPES)
def test_every_grey_level_keeps_its_lightness_under_strong_colour(dtype):
    grey = every_level(dtype)
    hue = np.linspace(0, 40, grey.size).reshape(grey.shape)
    result = colorize_pixels(grey, GivenColors([90 * np.cos(hue), 90 * np.sin(hue)]))
    before = color.lab(grey[..., None].repeat(3, -1) / np.iinfo(dtype).max)[..., 0]
    assert np.abs(lab_of(result)[..., 0] - before).max() < (0.5 if dtype == np.uint8 else 0.03)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.uint8, (9, 11, 3)),
    hnp.arrays(np.float32, (2, 9, 11), elements=st.floats(-110, 110, width=32)),
    st.booleans(),
)
def test_lightness_is_kept_whatever_the_picture_and_the_colours(rgb, ab, deep):
    source = rgb.astype(np.uint16) * 257 if deep else rgb
    for pixels in (source, np.ascontiguousarray(source[..., 0])):
        result = colorize_pixels(pixels, GivenColors(ab))
        before = color.lab(
            (pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, -1)) / np.iinfo(pixels.dtype).max
        )
        assert_allclose(lab_of(result)[..., 0], before[..., 0], atol=0.5)


@pytest.mark.parametrize("dtype", TYPES)
def test_no_colour_gives_the_very_grey_back(dtype):
    grey = every_level(dtype)
    assert_array_equal(
        colorize_pixels(grey, GivenColors(np.zeros((2, *grey.shape)))), grey[..., None].repeat(3, -1)
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_colours_within_srgb_are_the_asked_ones(dtype):
    grey = np.tile(np.linspace(0.35, 0.75, 120), (90, 1))
    grey = np.rint(grey * np.iinfo(dtype).max).astype(dtype)
    hue = np.linspace(0, 6.28, 90)[:, None].repeat(120, 1)
    ab = np.stack([20 * np.cos(hue), 20 * np.sin(hue)])
    found = np.moveaxis(lab_of(colorize_pixels(grey, GivenColors(ab)))[..., 1:], -1, 0)
    assert np.abs(found - ab).max() < (1.5 if dtype == np.uint8 else 0.02)


def test_colours_beyond_srgb_keep_their_hue():
    grey = np.tile(np.linspace(40, 215, 200).astype(np.uint16) * 257, (180, 1))
    hue = np.linspace(0, 2 * np.pi, 180)[:, None].repeat(200, 1)
    lab = lab_of(colorize_pixels(grey, GivenColors([150 * np.cos(hue), 150 * np.sin(hue)])))
    turned = lab[..., 1] * np.sin(hue) - lab[..., 2] * np.cos(hue)
    assert np.abs(turned).max() < 0.05
    assert (lab[..., 1] * np.cos(hue) + lab[..., 2] * np.sin(hue)).min() > 10


@pytest.mark.parametrize("dtype", TYPES)
def test_lightness_agrees_with_the_reference(dtype, rgb_photo):
    rgb = rgb_photo.astype(dtype) * (1 if dtype == np.uint8 else 257)
    assert_allclose(lightness_of(rgb), lab_of(rgb)[..., 0], atol=0.02)
    grey = every_level(dtype)
    reference = color.lightness(grey[..., None].repeat(3, -1) / np.iinfo(dtype).max)
    assert_allclose(lightness_of(grey), reference, atol=1e-3)


def test_reduced_lightness_is_an_average_of_lightness(grey_photo):
    reduced = reduced_lightness(grey_photo, (100, 100))
    assert reduced.shape == (102, 102)
    blocks = lightness_of(grey_photo)[:510, :510].reshape(102, 5, 102, 5).mean(axis=(1, 3))
    assert_allclose(reduced, blocks, atol=1e-3)


def test_small_photos_are_not_reduced(grey_photo):
    assert_allclose(reduced_lightness(grey_photo, (400, 400)), lightness_of(grey_photo))


def test_colours_beyond_srgb_keep_their_hue_and_nearly_all_the_chroma_that_fits():
    grey = np.linspace(6000, 60000, 300 * 360).astype(np.uint16).reshape(300, 360)
    hue = np.broadcast_to(np.radians(np.arange(360)), grey.shape)
    result = lab_of(colorize_pixels(grey, GivenColors([140 * np.cos(hue), 140 * np.sin(hue)])))
    found = np.arctan2(result[..., 2], result[..., 1])
    assert np.abs(np.degrees(np.angle(np.exp(1j * (found - hue))))).max() < 1
    chroma = np.hypot(result[..., 1], result[..., 2])
    wanted = np.stack([result[..., 0], 140 * np.cos(hue), 140 * np.sin(hue)], axis=-1)
    fitted = color.fit_gamut(wanted)
    possible = np.hypot(fitted[..., 1], fitted[..., 2])
    assert np.quantile(chroma / possible, 0.01) > 0.97


@pytest.mark.parametrize("dtype", TYPES)
def test_in_place_gives_the_same_and_touches_nothing_else(dtype, rgb_photo):
    scale = np.iinfo(dtype).max // 255
    source = rgb_photo[:150, :90].astype(dtype) * dtype(scale)
    colours = GivenColors(np.full((2, 150, 90), 30, np.float32))
    kept = source.copy()
    wanted = colorize_pixels(source, colours)
    assert_array_equal(source, kept)
    found = colorize_pixels(source, colours, in_place=True)
    assert found is source
    assert_array_equal(found, wanted)
