"""A print that lies askew on a scanner's lid is straightened by its edges; all else stays as it is."""

import io

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.testing import assert_array_equal
from PIL import Image
from pydantic import ValidationError

from photochrom.errors import MaskRejected
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.turning import Straightening
from support.pictures.photographs import PHOTOS
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.prediction.likely_colors import likely_colors
from workers.pipeline.skew import find_skew
from workers.pipeline.structure import format_of

DESKEW = ColorizeOptions(deskew="auto")
LIMITS = PhotoLimits()
LIDS = (12, 60, 248)
ANGLES = (-7.5, -2.2, -0.6, 0.4, 1.3, 5.0)


def scan(angle: float, lid: int = 248, name: str = "camera", deep: bool = False) -> np.ndarray:
    """A print turned clockwise on a lid with noise."""
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        grey = np.asarray(photo.convert("L").resize((420, 320))).astype(np.float32)
    matrix = cv2.getRotationMatrix2D((210, 160), -angle, 1)
    matrix[:, 2] += (70, 60)
    size = (560, 440)
    inside = cv2.warpAffine(np.ones_like(grey), matrix, size, flags=cv2.INTER_AREA)
    print_ = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    noise = np.random.default_rng(1).normal(0, 1.2, inside.shape)
    picture = np.clip(lid * (1 - inside) + print_ * inside + noise, 0, 255)
    return np.rint(picture * 257).astype(np.uint16) if deep else np.rint(picture).astype(np.uint8)


@pytest.mark.parametrize("lid", LIDS)
@pytest.mark.parametrize("angle", ANGLES)
def test_the_angle_is_found(angle, lid):
    for turned in (scan(angle, lid), np.dstack([scan(angle, lid)] * 3), scan(angle, lid, deep=True)):
        assert find_skew(turned) == pytest.approx(angle, abs=0.1)


@pytest.mark.parametrize("angle", ANGLES)
def test_on_a_lid_of_the_print_s_own_tone_it_is_right_or_silent(angle):
    assert find_skew(scan(angle, 128)) in (None, pytest.approx(angle, abs=0.1))


@pytest.mark.parametrize("name", ["camera", "astronaut", "coffee", "rocket", "cat"])
def test_a_photograph_without_a_lid_says_nothing(name):
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        assert find_skew(np.asarray(photo.convert("RGB"))) is None
    for flat in (
        np.zeros((90, 70), np.uint8),
        np.full((3, 900), 255, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
    ):
        assert find_skew(flat) is None


@pytest.mark.parametrize("angle", [-4.0, 1.5])
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG"])
def test_it_is_straight_afterwards_and_nothing_is_cut_off(format_, angle, save, predictor):
    source = scan(angle)
    result = colorize(save(source, format_), predictor, DESKEW, preview_side=200)
    assert result.restoration.straightening.turned
    assert result.restoration.straightening.angle == pytest.approx(angle, abs=0.1)
    assert result.restoration.luma == "anew"
    pixels = np.asarray(Image.open(io.BytesIO(result.data)).convert("RGB"))
    assert (find_skew(pixels) or 0) == pytest.approx(0, abs=0.12)
    assert pixels.shape[0] > source.shape[0]
    assert pixels.shape[1] > source.shape[1]
    assert any("askew by" in note for note in result.warnings)
    assert b'"straightened"' in decode(result.data, format_of(result.data, LIMITS), LIMITS).metadata.xmp
    # Turned back by other means, the scan is there again, well inside.
    height, width = pixels.shape[:2]
    back = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -angle, 1)
    back[:, 2] += ((source.shape[1] - width) / 2, (source.shape[0] - height) / 2)
    again = cv2.warpAffine(pixels[..., 1], back, source.shape[::-1], flags=cv2.INTER_CUBIC)
    inside = np.s_[40:-40, 40:-40]
    assert np.corrcoef(again[inside].ravel(), source[inside].ravel())[0, 1] > 0.97
    sides = [Image.open(io.BytesIO(part)).size for part in (result.preview, result.original_preview)]
    assert sides[0] == sides[1]


def test_what_is_straight_stays_exact_and_the_record_says_so(pillow_jpeg, predictor):
    straight = pillow_jpeg(scan(0.1))
    bare = pillow_jpeg(scan(0)[100:340, 120:440])
    for source, angle in ((straight, 0.1), (bare, None)):
        result = colorize(source, predictor, DESKEW)
        assert_array_equal(
            simplejpeg.decode_jpeg(result.data, "GRAY"), simplejpeg.decode_jpeg(source, "GRAY")
        )
        found = result.restoration.straightening
        assert not found.turned
        assert found.angle is None if angle is None else found.angle == pytest.approx(angle, abs=0.1)
        assert result.restoration.luma == "kept"
        assert not any("askew by" in note for note in result.warnings)


def test_16_bits_stay_16_and_turns_come_after(save, predictor):
    deep = save(scan(2, deep=True), "PNG")
    found, plain = (colorize(deep, predictor, ColorizeOptions(deskew="auto", turn=turn)) for turn in (90, 0))
    photos = [decode(one.data, format_of(one.data, LIMITS), LIMITS) for one in (found, plain)]
    assert photos[0].pixels.dtype == np.uint16
    assert photos[0].pixels.shape[:2] == photos[1].pixels.shape[1::-1]


def test_suggestions_are_those_of_the_straight_print(save, predictor):
    source = save(scan(3), "PNG")
    found = likely_colors(source, predictor, DESKEW, LIMITS)
    plain = likely_colors(source, predictor, ColorizeOptions(), LIMITS)
    assert found.to_bytes() != plain.to_bytes()


def test_a_mask_of_repair_has_the_size_of_the_straight_print(save, predictor):
    source = save(scan(3), "PNG")
    options = ColorizeOptions(deskew="auto", repair="auto")
    first = colorize(source, predictor, options)
    keep_all = np.zeros((first.height, first.width), np.uint8)
    again = colorize(source, predictor, options, repair_mask=save(keep_all, "PNG"))
    assert again.restoration.repairs.changed == 0
    with pytest.raises(MaskRejected, match="size"):
        colorize(source, predictor, options, repair_mask=save(np.zeros_like(scan(3)), "PNG"))


def test_pages_are_straightened_each_by_its_own_angle(predictor, save):
    buffer = io.BytesIO()
    first, second = (Image.fromarray(scan(angle)) for angle in (3, -2))
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    result = colorize(buffer.getvalue(), predictor, ColorizeOptions(deskew="auto", pages="all"))
    with Image.open(io.BytesIO(result.data)) as pages:
        for number in range(2):
            pages.seek(number)
            assert (find_skew(np.asarray(pages.convert("RGB"))) or 0) == pytest.approx(0, abs=0.12)


def test_it_goes_with_nothing_that_needs_the_scan_itself():
    with pytest.raises(ValidationError, match="deskew"):
        ColorizeOptions(deskew="auto", uncolor=True)
    with pytest.raises(ValidationError, match="deskew"):
        ColorizeOptions(deskew="2 degrees")
    assert Straightening().angle is None
