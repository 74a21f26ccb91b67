"""A photograph's own colour is kept where it is plain to see, and nothing else of it changes."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom import color
from photochrom.photo.options import ColorizeOptions, OwnColor
from workers.pipeline.colorizer import colorize
from workers.pipeline.notes import COLORED, KEPT

KEEP = ColorizeOptions(own_color=OwnColor.KEEP, quality=100)
FORMATS = [("PNG", {}), ("TIFF", {}), ("JPEG", {"quality": 98, "subsampling": 0})]


@pytest.fixture
def tinted(grey_photo) -> np.ndarray:
    """A grey photograph (192, 256) with one half tinted by hand."""
    grey = np.ascontiguousarray(grey_photo[:192, :256]).astype(np.float32)
    picture = np.dstack([grey] * 3)
    picture[:, 128:] *= np.array([1.0, 0.72, 0.6], np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def ab_of(data: bytes) -> np.ndarray:
    return color.lab(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) / 255)[..., 1:]


@pytest.mark.parametrize(("format_", "how"), FORMATS, ids=[name for name, _ in FORMATS])
def test_a_tint_stays_and_the_rest_is_predicted(format_, how, tinted, save, predictor):
    source = save(tinted, format_, **how)
    kept, anew = (colorize(source, predictor, options) for options in (KEEP, ColorizeOptions(quality=100)))
    own, now, other = ab_of(source), ab_of(kept.data), ab_of(anew.data)
    inside, outside = (slice(20, 172), slice(150, 240)), (slice(20, 172), slice(10, 100))
    plain = np.hypot(*np.moveaxis(own[inside], -1, 0)) > 15
    assert plain.mean() > 0.5
    assert np.abs(now[inside] - own[inside])[plain].mean() < 2
    assert np.abs(other[inside] - own[inside])[plain].mean() > 10
    assert np.abs(now[outside] - other[outside]).mean() < 1
    assert KEPT in kept.warnings
    assert COLORED in anew.warnings


def test_light_is_the_same_with_own_colours(tinted, save, predictor, lightness_of):
    source = save(tinted, "PNG")
    found = np.asarray(Image.open(io.BytesIO(colorize(source, predictor, KEEP).data)))
    assert np.abs(lightness_of(found) - lightness_of(tinted)).max() < 0.7


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_an_even_tone_is_no_colour(format_, grey_photo, save, predictor):
    grey = np.ascontiguousarray(grey_photo[:192, :256]).astype(np.float32)
    sepia = np.clip(grey[..., None] * np.array([1.0, 0.9, 0.72], np.float32), 0, 255).astype(np.uint8)
    source = save(sepia, format_)
    kept, anew = (
        ab_of(colorize(source, predictor, options).data) for options in (KEEP, ColorizeOptions(quality=100))
    )
    assert np.abs(kept - anew).mean() < 1


def test_a_grey_photograph_has_nothing_to_keep(grey_photo, pillow_jpeg, predictor):
    source = pillow_jpeg(grey_photo[:96, :128], quality=90)
    plain = KEEP.model_copy(update={"own_color": OwnColor.ANEW})
    assert np.array_equal(
        ab_of(colorize(source, predictor, KEEP).data), ab_of(colorize(source, predictor, plain).data)
    )
