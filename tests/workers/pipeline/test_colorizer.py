import contextlib
import io
import time

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from photochrom.errors import JobCanceled, PhotoRejected, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions, OutputFormat
from security.hostile_photos import black_png, huge_jpeg, huge_png, huge_tiff
from support.pictures.decoded import pixels_of
from workers.pipeline.colorizer import STAGES, PhotoLimits, colorize
from workers.pipeline.formats.png import read_png


@pytest.fixture(
    params=["png", "png-16", "png-rgb", "png-rgb-16", "tiff", "tiff-16", "tiff-rgb", "tiff-rgb-16"]
)
def lossless(request, rgb_photo) -> tuple[bytes, np.ndarray]:
    """A file and its samples: PNG or TIFF, grey or RGB, 8 or 16 bits; 16-bit ones use all their levels."""
    rgb = rgb_photo[60:220, 100:340]
    pixels = rgb if "rgb" in request.param else rgb[..., 1]
    if "16" in request.param:
        noise = np.random.default_rng(0).integers(0, 257, pixels.shape)
        pixels = np.minimum(pixels.astype(np.uint32) * 257 + noise, 65535).astype(np.uint16)
    pixels = np.ascontiguousarray(pixels)
    if "png" in request.param:
        return bytes(imagecodecs.png_encode(pixels)), pixels
    file = io.BytesIO()
    tifffile.imwrite(
        file, pixels, compression="zlib", photometric="rgb" if pixels.ndim == 3 else "minisblack"
    )
    return file.getvalue(), pixels


def test_lightness_is_kept_at_every_pixel_and_depth(lossless, predictor, lightness_of):
    source, pixels = lossless
    result = colorize(source, predictor, ColorizeOptions())
    found = pixels_of(result.data)
    assert found.dtype == pixels.dtype
    assert found.shape == (*pixels.shape[:2], 3)
    limit = 0.5 if pixels.dtype == np.uint8 else 0.05
    assert np.abs(lightness_of(found) - lightness_of(pixels)).max() < limit
    assert np.ptp(found.astype(int), axis=2).mean() > 5 * (1 if pixels.dtype == np.uint8 else 257)


def test_strength_zero_gives_grey_back(lossless, predictor):
    source, pixels = lossless
    found = pixels_of(colorize(source, predictor, ColorizeOptions(strength=0)).data)
    assert (np.ptp(found, axis=2) == 0).all()
    if pixels.ndim == 2:
        assert_array_equal(found[..., 0], pixels)


def test_same_input_same_bytes(lossless, predictor):
    first, second = (colorize(lossless[0], predictor, ColorizeOptions()).data for _ in range(2))
    assert first == second


def test_colour_sources_are_said_to_have_been_colour(lossless, predictor):
    source, pixels = lossless
    warned = any("colour of its own" in w for w in colorize(source, predictor, ColorizeOptions()).warnings)
    assert warned == (pixels.ndim == 3)


@pytest.mark.parametrize("asked", [f for f in OutputFormat if f is not OutputFormat.SAME])
def test_other_formats_can_be_asked_for(lossless, predictor, asked, lightness_of):
    source, pixels = lossless
    result = colorize(source, predictor, ColorizeOptions(format=asked, quality=98))
    assert result.media_type == f"image/{asked}"
    found = pixels_of(result.data)
    assert found.shape == (*pixels.shape[:2], 3)
    assert np.abs(lightness_of(found) - lightness_of(pixels)).mean() < 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_the_network_sees_the_photo_upright(save, predictor, rgb_photo, orientation, format_):
    """However a photo is stored, its colours must come out as those of the upright photo do."""
    from workers.pipeline.metadata.orientation import as_stored

    grey = rgb_photo[:192, :256, 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a street"
    stored = np.ascontiguousarray(as_stored(grey, orientation))
    options = {"quality": 100} if format_ == "JPEG" else {}
    result = colorize(save(stored, format_, exif=exif, **options), predictor, ColorizeOptions(quality=100))
    upright = colorize(
        save(np.ascontiguousarray(grey), format_, **options), predictor, ColorizeOptions(quality=100)
    )
    with Image.open(io.BytesIO(result.data)) as image:
        kept = image.getexif()
        assert kept.get(0x0112, 1) == (orientation if format_ == "JPEG" else 1)
        assert kept[0x010E] == "a street"
        from PIL import ImageOps

        shown = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    expected = pixels_of(upright.data).astype(int)
    assert np.abs(shown - expected).mean() < 1.5
    assert_allclose(predictor.seen[0], predictor.seen[1], atol=2)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_what_the_network_saw_is_said_in_record_and_metadata(format_, save, predictor, grey_photo):
    faded = (150 + grey_photo * 0.2).astype(np.uint8)
    strip = np.hstack([faded[200:350]] * 3)
    options = {"quality": 95} if format_ == "JPEG" else {}
    stages = []
    result = colorize(save(strip, format_, **options), predictor, ColorizeOptions(), on_stage=stages.append)
    notes = [note for note in result.warnings if "the network saw" in note or "windows" in note]
    assert len(notes) == 2
    assert f'photochrom:Seen="{" ".join(notes)}"'.encode() in result.data
    assert stages.count("predict") == len(predictor.seen) > 1
    plain = colorize(save(grey_photo, format_, **options), predictor, ColorizeOptions())
    assert b"photochrom:Seen" not in plain.data


def test_stages_are_announced_and_timed(predictor, save, grey_photo):
    for format_ in ("JPEG", "PNG"):
        stages = []
        result = colorize(save(grey_photo, format_), predictor, ColorizeOptions(), on_stage=stages.append)
        assert tuple(stages) == STAGES
        assert set(result.timings) == set(STAGES)
        assert all(seconds >= 0 for seconds in result.timings.values())


@pytest.mark.parametrize("stop_at", STAGES)
def test_a_stage_may_be_refused(predictor, save, grey_photo, stop_at):
    def cancel(stage):
        if stage == stop_at:
            raise JobCanceled("stop")

    with pytest.raises(JobCanceled):
        colorize(save(grey_photo, "JPEG"), predictor, ColorizeOptions(), on_stage=cancel)


def test_a_path_is_as_good_as_bytes(predictor, save, grey_photo, tmp_path):
    (tmp_path / "photo").write_bytes(save(grey_photo, "JPEG"))
    from_path = colorize(tmp_path / "photo", predictor, ColorizeOptions())
    assert from_path.data == colorize(save(grey_photo, "JPEG"), predictor, ColorizeOptions()).data
    assert (from_path.extension, from_path.media_type) == (".jpg", "image/jpeg")


@pytest.mark.parametrize("bomb", [huge_png, huge_tiff, huge_jpeg])
def test_bombs_are_refused_by_their_header(predictor, bomb):
    data = bomb()
    start = time.process_time()
    with pytest.raises(PhotoTooLarge, match=r"60000 x 60000 pixels, 3600 million; the limit is 200 million"):
        colorize(data, predictor, ColorizeOptions())
    assert time.process_time() - start < 1
    assert not predictor.seen


def test_a_photo_just_within_the_limit_is_decoded():
    """Pillow's own bound is lower."""
    assert read_png(black_png(14_000, 1, 14_000), PhotoLimits()).pixels.shape == (14_000, 14_000)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("format_", [each for each in OutputFormat if each is not OutputFormat.SAME])
@pytest.mark.parametrize(
    "options", [{"turn": 90}, {"uncolor": True}, {"uncolor": True, "turn": 270}], ids=str
)
def test_a_side_may_be_one_pixel(shape, format_, options, predictor):
    pixels = np.random.default_rng(1).integers(0, 65535, (*shape, 3), np.uint16)
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", metadata=None)
    result = colorize(file.getvalue(), predictor, ColorizeOptions(format=format_, **options))
    assert (result.height, result.width) == (shape[::-1] if "turn" in options else shape)


@pytest.mark.parametrize("shape", [(1, 1_000_001), (1_000_001, 1)])
def test_a_line_without_end_is_refused_whatever_its_pixels(shape, predictor):
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros(shape, np.uint8), metadata=None)
    with pytest.raises(PhotoTooLarge, match=r"no side may have more than 1,000,000\. Cut it"):
        colorize(file.getvalue(), predictor, ColorizeOptions())


def test_the_limit_is_the_caller_s(predictor, save, grey_photo):
    with pytest.raises(PhotoTooLarge):
        colorize(save(grey_photo, "PNG"), predictor, ColorizeOptions(), limits=PhotoLimits(max_pixels=1000))


def test_files_that_are_no_photos(predictor):
    with pytest.raises(UnreadablePhoto, match="empty"):
        colorize(b"", predictor, ColorizeOptions())
    with pytest.raises(UnsupportedFormat, match="PDF"):
        colorize(b"%PDF-1.4 and so on", predictor, ColorizeOptions())


def test_a_file_cut_anywhere_is_a_clear_error(lossless, predictor):
    source, _ = lossless
    for cut in np.linspace(1, len(source) - 1, 20).astype(int):
        with pytest.raises(PhotoRejected, match=r"truncated|damaged|not an image"):
            colorize(source[:cut], predictor, ColorizeOptions())


def test_random_damage_is_an_error_or_a_photo(lossless, predictor):
    source, _ = lossless
    rng = np.random.default_rng(5)
    for _ in range(25):
        damaged = bytearray(source)
        for position in rng.integers(4, min(len(source), 400), 3):
            damaged[position] = rng.integers(256)
        with contextlib.suppress(PhotoRejected):
            colorize(bytes(damaged), predictor, ColorizeOptions())
