"""A negative is inverted where that is said; one with an orange mask is noticed."""

import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from pydantic import ValidationError

from photochrom.photo.options import ColorizeOptions, OwnColor
from photochrom.photo.turning import Inversion
from support.pictures.photographs import PHOTOS, masked
from workers.pipeline.color.negative import is_masked
from workers.pipeline.colorizer import colorize
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.notes import INVERTED, MASKED, TOLD
from workers.pipeline.prediction.likely_colors import likely_colors

NEGATIVE = ColorizeOptions(negative=True)
AUTO = ColorizeOptions(negative="auto")


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_the_result_of_a_negative_is_that_of_its_positive(format_, grey_photo, save, predictor):
    positive = np.ascontiguousarray(grey_photo[:96, :128])
    how = {"lossless": True} if format_ == "WEBP" else {}
    inverted = colorize(save(255 - positive, format_, **how), predictor, NEGATIVE)
    plain = colorize(save(positive, format_, **how), predictor, ColorizeOptions())
    pixels = [np.asarray(Image.open(io.BytesIO(result.data)).convert("RGB")) for result in (inverted, plain)]
    assert_array_equal(*pixels)
    assert INVERTED in inverted.warnings
    assert INVERTED not in plain.warnings


def test_a_jpeg_and_16_bits_are_inverted_too(grey_photo, pillow_jpeg, save, predictor, lightness_of):
    positive = np.ascontiguousarray(grey_photo[:96, :128])
    for source in (
        pillow_jpeg(255 - positive, quality=95),
        save(65535 - positive.astype(np.uint16) * 257, "PNG"),
    ):
        found = np.asarray(Image.open(io.BytesIO(colorize(source, predictor, NEGATIVE).data)).convert("RGB"))
        assert np.abs(lightness_of(found) - lightness_of(positive)).mean() < 2


def test_suggestions_are_those_of_the_positive(grey_photo, save, predictor):
    positive = np.ascontiguousarray(grey_photo[:96, :128])
    found, wanted = (
        likely_colors(save(pixels, "PNG"), predictor, options, PhotoLimits()).to_bytes()
        for pixels, options in ((255 - positive, NEGATIVE), (positive, ColorizeOptions()))
    )
    assert found == wanted


@pytest.mark.parametrize("name", ["rocket", "cat"])
@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_an_orange_mask_is_noticed(format_, name, save, predictor):
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        rgb = np.asarray(photo.convert("RGB").resize((160, 120)))
    assert MASKED in colorize(save(masked(rgb), format_), predictor, ColorizeOptions()).warnings
    assert MASKED not in colorize(save(masked(rgb), format_), predictor, NEGATIVE).warnings
    assert MASKED not in colorize(save(rgb, format_), predictor, ColorizeOptions()).warnings


@pytest.mark.parametrize("name", ["rocket", "cat", "astronaut"])
@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_auto_inverts_what_an_orange_mask_tells_and_gives_it_its_levels(format_, name, save, predictor):
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        rgb = np.asarray(photo.convert("RGB").resize((160, 120)))
    negative = save(masked(rgb), format_)
    found = colorize(negative, predictor, AUTO, preview_side=64)
    wanted = colorize(negative, predictor, ColorizeOptions(negative=True, levels="auto"))
    assert_array_equal(*(np.asarray(Image.open(io.BytesIO(one.data))) for one in (found, wanted)))
    assert TOLD in found.warnings
    assert MASKED not in found.warnings
    assert found.restoration.inversion == Inversion(chosen_by="mask")
    assert wanted.restoration.inversion == Inversion(chosen_by="caller")
    assert found.restoration.levels == wanted.restoration.levels
    assert found.restoration.luma == "anew"
    assert b'"chosen_by": "mask"' in found.data or format_ == "PNG"


@pytest.mark.parametrize("name", ["rocket", "cat", "astronaut", "coffee"])
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "TIFF"])
def test_auto_leaves_photographs_and_grey_negatives_as_they_are(format_, name, save, predictor):
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        rgb = np.asarray(photo.convert("RGB").resize((160, 120)))
    for pixels in (rgb, rgb[..., 1], 255 - rgb[..., 1]):
        source = save(np.ascontiguousarray(pixels), format_)
        found, plain = (colorize(source, predictor, options) for options in (AUTO, ColorizeOptions()))
        assert found.restoration is None
        assert_array_equal(*(np.asarray(Image.open(io.BytesIO(one.data))) for one in (found, plain)))


def test_suggestions_of_what_is_told_are_those_of_the_positive(save, predictor):
    with Image.open(PHOTOS / "rocket.jpg") as photo:
        negative = masked(np.asarray(photo.convert("RGB").resize((160, 120))))
    found, wanted = (
        likely_colors(save(negative, "PNG"), predictor, options, PhotoLimits()).to_bytes()
        for options in (AUTO, NEGATIVE)
    )
    assert found == wanted


@pytest.mark.parametrize("said", [True, False, "true", "false", "auto"])
def test_what_forms_carry_is_read(said):
    assert str(ColorizeOptions(negative=said).negative).lower() == str(said).lower()
    with pytest.raises(ValidationError, match="negative"):
        ColorizeOptions(negative="perhaps")


@pytest.mark.parametrize("tone", [(1, 0.9, 0.72), (1, 0.85, 0.6), (1, 1, 1), (0.8, 0.9, 1)], ids=str)
def test_toned_prints_are_no_negatives(tone, grey_photo):
    print_ = np.rint(grey_photo[..., None] * np.array(tone)).astype(np.uint8)
    assert not is_masked(print_)
    assert not is_masked(grey_photo)


@pytest.mark.parametrize("other", [{"uncolor": True}, {"own_color": OwnColor.KEEP}])
def test_a_negative_goes_with_nothing_that_needs_the_scene_s_colours(other):
    with pytest.raises(ValidationError, match="negative has no colours"):
        ColorizeOptions(negative=True, **other)
