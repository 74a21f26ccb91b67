"""What lies beside the picture of a HEIC or JPEG XL is said to be left out."""

import struct

import imagecodecs
import pytest

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.heif_boxes import left_behind
from workers.pipeline.formats.jp2_boxes import make_box
from workers.pipeline.formats.jxl.boxes import codestream_of
from workers.pipeline.formats.jxl.boxes import with_metadata as in_boxes
from workers.pipeline.notes import LEFT_VIDEO
from workers.pipeline.photo import Metadata


@pytest.mark.parametrize(
    ("box", "word"),
    [
        (make_box(b"auxC", bytes(4) + b"urn:com:apple:photo:2020:aux:hdrgainmap\0"), "gain map"),
        (make_box(b"auxC", bytes(4) + b"urn:mpeg:hevc:2015:auxid:2\0"), "depth map"),
        (make_box(b"infe", b"\2\0\0\0\0\1\0\0tmap\0"), "gain map"),
        (make_box(b"mpvd", b"\0\0\0\x18ftypmp42"), "motion photo"),
    ],
)
def test_what_lies_beside_a_heic_is_said_to_be_left_out(box, word, predictor, save, grey_photo):
    source = save(grey_photo[:64, :64].copy(), "HEIF")
    assert not left_behind(source)
    result = colorize(source + box, predictor, ColorizeOptions(format="png"))
    assert any(word in warning for warning in result.warnings)


def test_a_video_is_found_behind_a_box_whose_size_is_of_64_bits(save, grey_photo):
    source = save(grey_photo[:64, :64].copy(), "HEIF")
    padding = struct.pack(">I4sQ", 1, b"free", 16 + 5) + b"empty"
    assert left_behind(source + padding + make_box(b"mpvd", b"film")) == (LEFT_VIDEO,)
    assert not left_behind(source + make_box(b"free", make_box(b"mpvd", b"film")))


def test_a_gain_map_beside_a_jpeg_xl_is_said_to_be_left_out(predictor, grey_photo):
    codestream = codestream_of(bytes(imagecodecs.jpegxl_encode(grey_photo[:64, :64], lossless=True)))
    source = in_boxes(codestream, [(b"jhgm", b"\0" * 40)], Metadata())
    result = colorize(source, predictor, ColorizeOptions(format="png"))
    assert any("gain map" in warning for warning in result.warnings)
