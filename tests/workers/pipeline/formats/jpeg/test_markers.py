"""A JPEG's markers count as every decoder counts them, and what is missing of its scans is said."""

import cv2
import numpy as np
import pytest
import simplejpeg

from photochrom.errors import UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP0, APP14, DHT, SOS, JpegFile, Segment

JFIF = Segment(APP0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
FOREIGN = Segment(APP0, b""), Segment(APP14, b"X" * 14)


def adobe(transform: int) -> Segment:
    return Segment(APP14, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def marked(data: bytes, *segments: Segment) -> bytes:
    return bytes(JpegFile.read(data).with_metadata(segments))


def shown(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


MARKERS = {
    "the last of Adobe's counts": (adobe(1), adobe(0)),
    "YCbCr by the last": (adobe(0), adobe(1)),
    "too short for JFIF": (Segment(APP0, b"JFIF\0\1"), adobe(0)),
    "too short for Adobe": (Segment(APP14, b"Adobe\0\x64\0"),),
    "JFIF behind another": (Segment(APP0, b"AVI1\0\0\0\0"), JFIF, adobe(0)),
    "of other programs": FOREIGN,
}


@pytest.mark.parametrize("segments", MARKERS.values(), ids=MARKERS)
@pytest.mark.parametrize("asked", ["same", "png"])
def test_colours_are_those_that_the_markers_say(
    segments, asked, predictor, pillow_jpeg, rgb_photo, lightness_of, luma_of
):
    source = marked(pillow_jpeg(rgb_photo, quality=95), *segments)
    result = colorize(source, predictor, ColorizeOptions(format=asked, strength=0))
    if asked == "same" and not any("encoded again" in warning for warning in result.warnings):
        assert (luma_of(result.data) == luma_of(source)).all()
    else:
        assert np.abs(lightness_of(shown(result.data)) - lightness_of(shown(source))).mean() < 1


def test_components_of_one_name_are_told_apart(predictor, pillow_jpeg, rgb_photo, lightness_of):
    jpeg = JpegFile.read(pillow_jpeg(rgb_photo, quality=90))
    data = bytearray(bytes(jpeg))
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    data[frame + 13] = data[frame + 10]
    data[scan + 7] = data[scan + 5]
    result = colorize(bytes(data), predictor, ColorizeOptions(strength=0))
    assert np.abs(lightness_of(shown(result.data)) - lightness_of(shown(bytes(jpeg)))).mean() < 1.5


def test_a_film_s_frame_without_its_codes_is_read(predictor, pillow_jpeg, rgb_photo, lightness_of):
    jpeg = JpegFile.read(pillow_jpeg(rgb_photo, quality=90))
    bare = JpegFile(jpeg.frame, tuple(s for s in jpeg.segments if s.marker != DHT), complete=True)
    result = colorize(bytes(bare), predictor, ColorizeOptions(strength=0))
    assert np.abs(lightness_of(shown(result.data)) - lightness_of(shown(bytes(jpeg)))).mean() < 1.5


@pytest.mark.parametrize("asked", ["same", "png"])
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
def test_scans_that_are_missing_are_said_to_be(asked, grey, predictor, pillow_jpeg, rgb_photo):
    jpeg = JpegFile.read(pillow_jpeg(rgb_photo[..., 1] if grey else rgb_photo, quality=90, progressive=True))
    last = max(i for i, s in enumerate(jpeg.segments) if s.marker == SOS)
    short = JpegFile(jpeg.frame, jpeg.segments[:last], complete=True)
    for whole, source in ((True, jpeg), (False, short)):
        result = colorize(bytes(source), predictor, ColorizeOptions(format=asked))
        assert whole != any("last scans are missing" in warning for warning in result.warnings)


@pytest.mark.parametrize("asked", ["same", "png"])
def test_a_file_without_its_end_is_said_to_be(asked, predictor, pillow_jpeg, rgb_photo):
    source = pillow_jpeg(rgb_photo, quality=90)[:-2]
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert any("ends early" in warning for warning in result.warnings)


def test_a_strip_that_went_with_its_restart_marker_is_said_to_be_missing(predictor, pillow_jpeg, rgb_photo):
    data = pillow_jpeg(rgb_photo, quality=90, restart_marker_rows=2)
    at = data.index(b"\xff\xd2", data.index(b"\xff\xda"))
    result = colorize(data[:at] + data[at + 2 :], predictor, ColorizeOptions())
    assert any("strip" in warning for warning in result.warnings)


def test_jpeg_ls_is_called_by_its_name(predictor, pillow_jpeg, grey_photo):
    source = bytearray(pillow_jpeg(grey_photo, quality=90))
    source[source.index(b"\xff\xc0") + 1] = 0xF7
    with pytest.raises(UnsupportedFormat, match="lossless"):
        colorize(bytes(source), predictor, ColorizeOptions())
    assert simplejpeg.is_jpeg(bytes(source))
