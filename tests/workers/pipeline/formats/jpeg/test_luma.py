import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
import simplejpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom import color
from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from support.pictures.photographs import PHOTOS
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import DQT, PROGRESSIVE, JpegFile, Segment

SIZES = [(64, 64), (37, 53), (2, 3), (8, 200), (201, 17)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
def test_luma_is_exactly_the_source_s(encode_jpeg, luma_of, predictor, rgb_photo, size, grey):
    pixels = rgb_photo[100 : 100 + size[0], 100 : 100 + size[1]]
    source = encode_jpeg(np.ascontiguousarray(pixels[..., 0] if grey else pixels))
    result = colorize(source, predictor, ColorizeOptions())
    assert_array_equal(luma_of(result.data), luma_of(source))
    assert (result.height, result.width) == size
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "RGB"
        assert image.size == size[::-1]
        image.load()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 100), st.integers(0, 2), st.booleans())
def test_luma_of_noise_is_exact(
    predictor, luma_of, pillow_jpeg, height, width, quality, subsampling, progressive
):
    noise = np.random.default_rng(height * width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    source = pillow_jpeg(noise, quality=quality, subsampling=subsampling, progressive=progressive)
    assert_array_equal(luma_of(colorize(source, predictor, ColorizeOptions()).data), luma_of(source))


def test_luma_is_exact_where_chroma_is_at_half_size(luma_of, predictor, grey_photo, pillow_jpeg):
    large = np.tile(grey_photo, (3, 3))[:1431, :1533]  # more than 2 million pixels, both sides odd
    source = pillow_jpeg(large, quality=80)
    result = colorize(source, predictor, ColorizeOptions())
    assert_array_equal(luma_of(result.data), luma_of(source))
    assert simplejpeg.decode_jpeg_header(result.data)[:2] == large.shape
    assert simplejpeg.decode_jpeg_header(result.data)[3] == "420"


def test_hue_and_chroma_are_the_predicted_ones_at_that_luma(predictor, pillow_jpeg):
    ramp = np.tile(np.linspace(60, 200, 256).astype(np.uint8), (256, 1))
    result = colorize(pillow_jpeg(ramp, quality=95), predictor, ColorizeOptions(quality=100))
    lab = color.lab(np.asarray(Image.open(io.BytesIO(result.data))) / 255)
    expected = predictor.predict(np.asarray(predictor.seen[0]), ColorizeOptions()).ab
    found = lab.reshape(32, 8, 32, 8, 3).mean(axis=(1, 3))
    inner = np.moveaxis(found, -1, 0)[1:, 2:-2, 2:-2]
    wanted = color.fit_gamut(np.stack([found[..., 0], *expected], -1))
    assert np.abs(inner - np.moveaxis(wanted, -1, 0)[1:, 2:-2, 2:-2]).mean() < 1.0


def test_strength_zero_gives_grey_back(predictor, pillow_jpeg, grey_photo):
    source = pillow_jpeg(grey_photo)
    result = colorize(source, predictor, ColorizeOptions(strength=0))
    pixels = np.asarray(Image.open(io.BytesIO(result.data)))
    assert_array_equal(pixels, np.asarray(Image.open(io.BytesIO(source)))[..., None].repeat(3, -1))


def test_a_progressive_source_stays_progressive(predictor, pillow_jpeg, grey_photo):
    result = colorize(pillow_jpeg(grey_photo, progressive=True), predictor, ColorizeOptions())
    assert JpegFile.read(result.data).frame.marker == PROGRESSIVE


def test_a_grey_source_s_scan_is_copied_byte_by_byte(predictor, pillow_jpeg, grey_photo):
    source = pillow_jpeg(grey_photo, quality=85)
    scan = next(s.scan for s in JpegFile.read(source).segments if s.scan)
    assert scan in colorize(source, predictor, ColorizeOptions()).data


def test_a_colour_source_is_said_to_have_been_colour(predictor, pillow_jpeg, rgb_photo, grey_photo):
    assert any(
        "colour of its own" in w
        for w in colorize(pillow_jpeg(rgb_photo), predictor, ColorizeOptions()).warnings
    )
    neutral = grey_photo[..., None].repeat(3, -1)
    assert colorize(pillow_jpeg(neutral), predictor, ColorizeOptions()).warnings == ()


def test_what_follows_the_picture_is_left_out(predictor, pillow_jpeg, luma_of, grey_photo):
    source = pillow_jpeg(grey_photo)
    long, short = (
        colorize(data, predictor, ColorizeOptions()).data
        for data in (source + b"second picture" + source, source)
    )
    assert len(long) == len(short), "they differ in the hash of their original alone"
    assert_array_equal(*(np.asarray(Image.open(io.BytesIO(data))) for data in (long, short)))


def test_bytes_between_segments_do_no_harm(predictor, pillow_jpeg, luma_of, grey_photo):
    source = pillow_jpeg(grey_photo)
    padded = source.replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1)
    result = colorize(padded, predictor, ColorizeOptions())
    assert_array_equal(luma_of(result.data), luma_of(source))


def test_adobe_rgb_jpeg_goes_by_pixels_and_says_so(predictor, rgb_photo, lightness_of):
    file = io.BytesIO()
    Image.fromarray(rgb_photo).save(file, "JPEG", keep_rgb=True, quality=100)
    result = colorize(file.getvalue(), predictor, ColorizeOptions(quality=100))
    assert any("luma" in warning for warning in result.warnings)
    found = np.asarray(Image.open(io.BytesIO(result.data)))
    assert np.abs(lightness_of(found) - lightness_of(rgb_photo)).mean() < 1


def test_arithmetic_coding_goes_by_pixels_and_says_so(predictor, lightness_of):
    source = (PHOTOS / "arithmetic.jpg").read_bytes()
    result = colorize(source, predictor, ColorizeOptions(quality=100))
    assert any("cannot be carried over as it is" in warning for warning in result.warnings)
    found, wanted = (np.asarray(Image.open(io.BytesIO(data))) for data in (result.data, source))
    assert np.abs(lightness_of(found) - lightness_of(wanted)).mean() < 1


@pytest.mark.parametrize(("marker", "word"), [(0xC3, "lossless"), (0xC5, "hierarchical"), (0xCB, "lossless")])
def test_exotic_frames_are_refused(predictor, pillow_jpeg, grey_photo, marker, word):
    source = bytearray(pillow_jpeg(grey_photo))
    source[source.index(b"\xff\xc0") + 1] = marker
    with pytest.raises(UnsupportedFormat, match=word):
        colorize(bytes(source), predictor, ColorizeOptions())


def test_twelve_bits_are_refused(predictor, pillow_jpeg, grey_photo):
    source = bytearray(pillow_jpeg(grey_photo))
    source[source.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedFormat, match="12-bit"):
        colorize(bytes(source), predictor, ColorizeOptions())


@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_file_is_an_error_or_a_warned_partial(predictor, pillow_jpeg, rgb_photo, progressive):
    source = pillow_jpeg(rgb_photo[:100, :100], progressive=progressive)
    for cut in np.linspace(3, len(source) - 1, 20).astype(int):
        try:
            told = colorize(source[:cut], predictor, ColorizeOptions()).warnings
        except UnreadablePhoto as error:
            told = (str(error),)
        assert any(word in told[-1] for word in ("ends early", "truncated", "damaged"))


def test_random_damage_never_crashes(predictor, pillow_jpeg, grey_photo):
    source = pillow_jpeg(grey_photo[:64, :64], progressive=True)
    rng = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(source)
        for position in rng.integers(2, len(source), 4):
            damaged[position] = rng.integers(256)
        with contextlib.suppress(UnreadablePhoto, UnsupportedFormat):
            colorize(bytes(damaged), predictor, ColorizeOptions())


def test_a_file_of_countless_scans_is_refused_quickly(predictor, pillow_jpeg, grey_photo):
    jpeg = JpegFile.read(pillow_jpeg(grey_photo, progressive=True))
    last = jpeg.segments[-1]
    bomb = bytes(replace(jpeg, segments=(*jpeg.segments, *[last] * 3000)))
    with pytest.raises(UnreadablePhoto, match="scans"):
        colorize(bomb, predictor, ColorizeOptions())


@pytest.mark.parametrize("size", [(30, 40_000), (40_000, 30), (60, 65_500)])
def test_panoramas_wider_than_opencv_s_limit(size, predictor, pillow_jpeg, luma_of):
    pixels = np.tile(np.arange(size[1]) % 251, (size[0], 1)).astype(np.uint8)
    data = pillow_jpeg(pixels, quality=90)
    result = colorize(data, predictor, ColorizeOptions(sepia=0.5), preview_side=512)
    assert (result.height, result.width) == size
    assert (luma_of(result.data) == luma_of(data)).all()


@pytest.mark.parametrize("together", [True, False], ids=["one segment", "segments"])
def test_tables_that_the_source_does_not_use_are_not_taken_for_those_of_chroma(
    together, predictor, pillow_jpeg, grey_photo, luma_of
):
    plain = pillow_jpeg(grey_photo[:64, :64], quality=90)
    jpeg = JpegFile.read(plain)
    rough = [bytes([number]) + bytes([200] * 64) for number in (1, 2, 3)]
    added = [Segment(DQT, b"".join(rough))] if together else [Segment(DQT, table) for table in rough]
    source = bytes(replace(jpeg, segments=(*added, *jpeg.segments)))
    result, wanted = (colorize(data, predictor, ColorizeOptions()).data for data in (source, plain))
    assert_array_equal(luma_of(result), luma_of(source))
    assert_array_equal(np.asarray(Image.open(io.BytesIO(result))), np.asarray(Image.open(io.BytesIO(wanted))))
