"""Levels: one increasing curve, for faded photographs alone, that can be undone by what is written down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.pipeline.color.levels import applied, faded, reduced


def as_samples(lightness: np.ndarray, dtype: type) -> np.ndarray:
    from photochrom.color import encoded

    f = (lightness + 16) / 116
    luminance = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    return np.rint(encoded(luminance) * np.iinfo(dtype).max).astype(dtype)


@pytest.fixture
def worn(grey_photo, lightness_of) -> np.ndarray:
    """L* of a photograph that faded to 30..70."""
    return 30 + lightness_of(grey_photo) * 0.4


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_curve_increases_and_keeps_its_ends(dark, light):
    plane = np.linspace(min(dark, light), max(dark, light), 10_000, dtype=np.float32).reshape(100, 100)
    curve = faded(plane)
    if curve is not None:
        before, after = np.asarray(curve.points).T
        assert (np.diff(before) > 0).all()
        assert (np.diff(after) > 0).all()
        assert curve.points[0] == (0, 0)
        assert curve.points[-1] == (100, 100)


@pytest.mark.parametrize("name", ["astronaut", "camera", "cat", "coffee", "rocket"])
def test_clean_photographs_stay_as_they_are(name, lightness_of):
    from PIL import Image

    from support.pictures.photographs import PHOTOS

    assert faded(lightness_of(np.asarray(Image.open(PHOTOS / f"{name}.jpg").convert("L")))) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colored", [False, True])
def test_every_pixel_follows_the_curve(worn, dtype, colored, lightness_of):
    samples = as_samples(worn, dtype)
    if colored:  # a toned print
        samples = np.stack([samples, samples - samples // 16, samples - samples // 8], -1)
    curve = faded(reduced(samples))
    assert curve is not None
    expected = np.interp(lightness_of(samples), *np.asarray(curve.points).T)
    assert np.abs(lightness_of(applied(curve, samples)) - expected).max() < (
        0.5 if dtype == np.uint8 else 0.05
    )


def test_what_is_written_down_undoes_it(worn, lightness_of):
    samples = as_samples(worn, np.uint16)
    curve = faded(reduced(samples))
    assert curve is not None
    stretched = lightness_of(applied(curve, samples))
    before, after = np.asarray(curve.points).T
    assert np.abs(np.interp(stretched, after, before) - lightness_of(samples)).max() < 0.05


def test_a_mount_does_not_count(worn):
    mounted = np.full((600, 600), 98.0, np.float32)
    mounted[44:556, 44:556] = worn
    assert faded(mounted) is not None
