"""What lies beside a JPEG's picture does not travel: that is said, and the result promises none of it."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP1, JpegFile, Segment

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(range(256)) * 8
SAMSUNG = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + VIDEO + b"SEFT"
CAMERA = b'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="9"'
GAIN_MAP = b'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'
CONTAINER = (
    b'<Container:Directory xmlns:Container="http://ns.google.com/photos/1.0/container/">'
    b"<rdf:Seq><rdf:li>GainMap</rdf:li></rdf:Seq></Container:Directory>"
)


def with_xmp(data: bytes, attributes: bytes, inside: bytes = b"") -> bytes:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="Box 12" '
        + attributes
        + b">"
        + inside
        + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    jpeg = JpegFile.read(data)
    segment = Segment(APP1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    return bytes(jpeg.with_metadata((*jpeg.metadata, segment)))


@pytest.mark.parametrize("asked", ["same", "png", "tiff"])
@pytest.mark.parametrize(
    ("tail", "word"),
    [(VIDEO, "motion photo"), (SAMSUNG, "motion photo"), (b"a maker's own" * 9, "117 bytes")],
    ids=["video", "Samsung", "other"],
)
def test_what_follows_the_picture_is_said_to_be_left_out(
    asked, tail, word, predictor, pillow_jpeg, grey_photo
):
    source = with_xmp(pillow_jpeg(grey_photo), CAMERA) + tail
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert any(word in warning for warning in result.warnings)
    assert b"MicroVideo" not in result.data
    assert b"Box 12" in result.data


@pytest.mark.parametrize("padding", [b"", bytes(4096), b"\xff" * 99, b"\r\n"])
def test_padding_is_nothing_to_speak_of(padding, predictor, pillow_jpeg, grey_photo):
    result = colorize(pillow_jpeg(grey_photo) + padding, predictor, ColorizeOptions())
    assert not any("behind its picture" in warning for warning in result.warnings)


@pytest.mark.parametrize("asked", ["same", "png", "tiff"])
def test_a_gain_map_in_xmp_is_told_and_not_promised(asked, predictor, pillow_jpeg, grey_photo):
    picture = pillow_jpeg(grey_photo)
    source = with_xmp(picture, GAIN_MAP, CONTAINER) + picture
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert sum("gain map" in warning for warning in result.warnings) == 1
    assert b"hdrgm" not in result.data.replace(b"xmlns:hdrgm", b"")
    assert b"Container:Directory" not in result.data
    assert b"Box 12" in result.data


def test_an_ultra_hdr_file_becomes_a_plain_one(predictor, rgb_photo):
    light = np.dstack([rgb_photo / 255, np.ones(rgb_photo.shape[:2])]).astype(np.float16)
    source = bytes(imagecodecs.ultrahdr_encode(light))
    result = colorize(source, predictor, ColorizeOptions())
    assert any("gain map" in warning for warning in result.warnings)
    assert not any("pictures" in warning for warning in result.warnings)
    assert b"21496" not in result.data
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.format == "JPEG"
        assert image.size == rgb_photo.shape[1::-1]
