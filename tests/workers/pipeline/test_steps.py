"""The promises of repair and levels through the whole pipeline: outside of the mask nothing changes."""

import io

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.photo.boxes import Box
from photochrom.photo.options import Color, ColorizeOptions, Levels, OutputFormat, Repair
from photochrom.photo.restoration import Luma
from support.pictures.damage import KnownDamage, damaged, drawn, touched_blocks
from support.pictures.decoded import pixels_of
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import JpegFile
from workers.pipeline.metadata.orientation import as_stored
from workers.pipeline.stages import stages_of

REPAIR = ColorizeOptions(repair=Repair.AUTO)
ALONE = ColorizeOptions(repair=Repair.AUTO, color=Color.OFF)


def mask_in(photo) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(photo.repairs)))


@pytest.mark.parametrize("options", [REPAIR, ALONE], ids=["colour", "alone"])
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "toned"])
def test_jpegs_keep_every_block_that_the_mask_does_not_touch(
    encode_jpeg, rgb_photo, predictor, luma_of, options, grey
):
    pixels = rgb_photo[60:231, 100:363]
    pixels = np.ascontiguousarray(pixels[..., 1] if grey else pixels)
    worn = drawn(pixels.shape[:2])
    source = encode_jpeg(damaged(pixels, worn))
    result = colorize(source, predictor, options, finder=KnownDamage(worn))
    mask = mask_in(result)
    assert mask.shape == worn.shape
    assert (mask[worn] == 255).all()
    blocks = touched_blocks(mask > 0)
    assert 0.05 < blocks.mean() < 0.9
    assert_array_equal(luma_of(result.data)[~blocks], luma_of(source)[~blocks])
    assert (luma_of(result.data)[worn] != luma_of(source)[worn]).any()
    assert result.restoration.luma is Luma.REPAIRED
    assert result.restoration.repairs.changed == pytest.approx((mask == 255).mean())


@pytest.mark.parametrize("options", [REPAIR, ALONE], ids=["colour", "alone"])
@pytest.mark.parametrize("colored", [False, True])
def test_sixteen_bits_keep_every_pixel_outside_the_mask(rgb_photo, predictor, lightness_of, options, colored):
    rgb = rgb_photo[60:220, 100:340]
    pixels = np.ascontiguousarray(rgb if colored else rgb[..., 1]).astype(np.uint16) * 257
    worn = drawn(pixels.shape[:2])
    file = io.BytesIO()
    tifffile.imwrite(file, damaged(pixels, worn), photometric="rgb" if colored else "minisblack")
    result = colorize(file.getvalue(), predictor, options, finder=KnownDamage(worn))
    found, outside = tifffile.imread(io.BytesIO(result.data)), mask_in(result) == 0
    assert found.dtype == np.uint16
    before, after = lightness_of(pixels), lightness_of(found)
    assert np.abs(after - before)[outside].max() < 0.05
    assert np.abs(after - before)[worn].mean() < 15
    if options.color is Color.OFF:
        wanted = pixels if colored else pixels[..., None].repeat(3, -1)
        assert_array_equal(found[outside], wanted[outside])


def test_without_colour_and_damage_a_jpeg_keeps_its_scans(predictor, pillow_jpeg, rgb_photo):
    source = pillow_jpeg(rgb_photo, quality=88)
    none = KnownDamage(np.zeros(rgb_photo.shape[:2], bool))
    result = colorize(source, predictor, ALONE, finder=none)
    scans = [[s.scan for s in JpegFile.read(data).segments if s.scan] for data in (source, result.data)]
    assert scans[0] == scans[1]
    assert result.restoration.luma is Luma.KEPT
    assert result.confidence is None
    assert not predictor.seen


@pytest.mark.parametrize("asked", OutputFormat)
def test_grey_stays_grey_without_colour(predictor, save, grey_photo, asked):
    options = ColorizeOptions(color=Color.OFF, format=asked)
    result = colorize(save(grey_photo, "PNG"), predictor, options)
    pixels = np.atleast_3d(pixels_of(result.data)).astype(int)
    assert np.ptp(pixels, axis=-1).max() <= (0 if asked in ("same", "png", "tiff", "jp2", "jxl") else 3)


def test_colour_is_predicted_from_what_repair_left(predictor, save, grey_photo):
    worn = drawn(grey_photo.shape)
    source = save(damaged(grey_photo, worn), "PNG")
    for options in (ColorizeOptions(), REPAIR):
        colorize(source, predictor, options, finder=KnownDamage(worn))
    colorize(save(grey_photo, "PNG"), predictor, ColorizeOptions())
    seen, repaired, clean = predictor.seen
    assert np.abs(repaired - clean).mean() < 0.3 * np.abs(seen - clean).mean()


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_faded_photographs_are_stretched_and_it_is_said(predictor, save, grey_photo, format_, lightness_of):
    worn = (90 + grey_photo // 4).astype(np.uint8)
    options = ColorizeOptions(levels=Levels.AUTO, color=Color.OFF)
    source = save(worn, format_, **({"quality": 97} if format_ == "JPEG" else {}))
    result = colorize(source, predictor, options)
    found = lightness_of(np.asarray(Image.open(io.BytesIO(result.data)).convert("L")))
    curve = result.restoration.levels
    expected = np.interp(lightness_of(worn), *np.asarray(curve.points).T)
    assert np.abs(found - expected).mean() < 1
    assert result.restoration.luma is Luma.ANEW
    assert b"levelled" in result.data
    assert all(str(value).encode() in result.data for point in curve.points for value in point)
    assert b"algorithmicallyEnhanced" in result.data
    assert b"compositeWithTrained" not in result.data


def test_levels_leave_clean_photographs_exact(predictor, pillow_jpeg, grey_photo, luma_of):
    source = pillow_jpeg(grey_photo)
    result = colorize(source, predictor, ColorizeOptions(levels=Levels.AUTO))
    assert_array_equal(luma_of(result.data), luma_of(source))
    assert result.restoration.levels is None


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_mask_is_upright(predictor, pillow_jpeg, grey_photo, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = grey_photo[:200, :320]
    worn = np.zeros(pixels.shape, bool)
    worn[4:8, 4:20] = True
    result = colorize(pillow_jpeg(pixels, exif=exif), predictor, REPAIR, finder=KnownDamage(worn))
    mask = mask_in(result)
    with Image.open(io.BytesIO(result.data)) as image:
        from PIL import ImageOps

        assert ImageOps.exif_transpose(image).size == mask.shape[::-1]
    rows, columns = np.nonzero(mask)
    corner = {1: (0, 0), 3: (1, 1), 6: (0, 1), 8: (1, 0)}[orientation]
    assert (rows.mean() > mask.shape[0] / 2, columns.mean() > mask.shape[1] / 2) == corner


@pytest.mark.parametrize("options", [REPAIR, ALONE, ColorizeOptions(color=Color.OFF)])
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_the_stages_are_those_foretold(predictor, save, grey_photo, options, format_):
    stages: list[str] = []
    result = colorize(save(grey_photo, format_), predictor, options, on_stage=stages.append)
    assert tuple(stages) == stages_of(options)
    assert set(result.timings) == set(stages)


def test_places_too_wide_to_be_known_are_left_and_said(predictor, save, grey_photo):
    worn = np.zeros(grey_photo.shape, bool)
    worn[100:200, 100:200] = True
    result = colorize(save(grey_photo, "PNG"), predictor, ALONE, finder=KnownDamage(worn))
    assert result.restoration.repairs.left == 1
    assert any("too wide or too large" in warning for warning in result.warnings)
    found = np.asarray(Image.open(io.BytesIO(result.data)))
    assert_array_equal(found[..., 0], grey_photo)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_to_be_kept_is_neither_repaired_nor_counted(predictor, pillow_jpeg, grey_photo, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.zeros((200, 320), bool)
    upright[20:24, 20:60] = upright[150:154, 200:240] = True
    worn = np.ascontiguousarray(as_stored(upright, orientation))
    keep = (Box(x=0, y=0, width=0.5, height=0.5),)
    options = REPAIR.model_copy(update={"keep": keep})
    pixels = np.ascontiguousarray(as_stored(grey_photo[:200, :320], orientation))
    result = colorize(pillow_jpeg(pixels, exif=exif), predictor, options, finder=KnownDamage(worn))
    mask = mask_in(result)
    assert not mask[:100, :160].any()
    assert (mask[upright][-160:] == 255).all()
    assert sum(result.restoration.repairs.counts.values()) == 1
