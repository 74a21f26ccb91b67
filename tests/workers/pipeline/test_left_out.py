import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import COM, JpegFile

LARGE = "x" * 70_000
FULL_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    + b" " * 65_300
    + b"</rdf:RDF></x:xmpmeta>"
)


@pytest.fixture
def pixels(grey_photo) -> np.ndarray:
    return np.ascontiguousarray(grey_photo[:64, :64])


def with_texts(pixels: np.ndarray, save, *, xmp: str = "", **options) -> bytes:
    texts = PngInfo()
    texts.add_text("Title", "Main Street")
    if xmp:
        texts.add_itxt("XML:com.adobe.xmp", xmp)
    return save(pixels, "PNG", pnginfo=texts, **options)


def comments(data: bytes) -> list[bytes]:
    return [segment.payload for segment in JpegFile.read(data).metadata if segment.marker == COM]


@pytest.mark.parametrize("asked", ["png", "jpeg", "tiff", "webp", "jp2", "jxl"])
def test_text_chunks_are_kept_or_their_loss_is_said(asked, pixels, save, predictor):
    result = colorize(with_texts(pixels, save), predictor, ColorizeOptions(format=asked))
    assert (b"Main Street" in result.data) == (asked == "png")
    assert any("text chunks" in warning for warning in result.warnings) == (asked != "png")


@pytest.mark.parametrize("asked", ["png", "jpeg", "tiff", "webp", "jp2", "jxl"])
def test_comments_are_kept_or_their_loss_is_said(asked, pixels, save, predictor):
    source = save(pixels, "JPEG", comment=b"Main Street")
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert (b"Main Street" in result.data) == (asked == "jpeg")
    assert any("comments" in warning for warning in result.warnings) == (asked != "jpeg")


def test_comments_outlive_a_jpeg_that_is_encoded_anew(rgb_photo, save, predictor):
    source = save(np.ascontiguousarray(rgb_photo[:64, :64]), "JPEG", comment=b"Main Street", keep_rgb=True)
    result = colorize(source, predictor, ColorizeOptions())
    assert any("encoded again" in warning for warning in result.warnings)
    assert comments(result.data) == [b"Main Street"]


def test_exif_that_jpeg_has_no_room_for_is_said(pixels, save, predictor):
    exif = Image.Exif()
    exif[0x010E] = LARGE
    source = save(pixels, "PNG", exif=exif.tobytes())
    assert any("EXIF" in w for w in colorize(source, predictor, ColorizeOptions(format="jpeg")).warnings)
    same = colorize(source, predictor, ColorizeOptions())
    assert LARGE.encode() in same.data
    assert not same.warnings


def test_xmp_that_jpeg_has_no_room_for_is_said(pixels, save, predictor):
    source = with_texts(pixels, save, xmp=f"<notes>{LARGE}</notes>")
    result = colorize(source, predictor, ColorizeOptions(format="jpeg"))
    assert any("XMP" in warning and "left out" in warning for warning in result.warnings)


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_xmp_goes_before_our_note_where_both_do_not_fit(format_, pixels, save, predictor):
    source = (
        save(pixels, "JPEG", xmp=FULL_XMP)
        if format_ == "JPEG"
        else with_texts(pixels, save, xmp=FULL_XMP.decode())
    )
    result = colorize(source, predictor, ColorizeOptions(format="jpeg"))
    assert any("no room for a note" in warning for warning in result.warnings)
    assert not any("XMP" in warning and "left out" in warning for warning in result.warnings)
    assert Image.open(io.BytesIO(result.data)).info["xmp"] == FULL_XMP


@pytest.mark.parametrize("asked", ["same", "png", "tiff", "webp", "avif", "jp2", "jxl"])
def test_a_plain_photo_loses_nothing(asked, pixels, save, predictor):
    for format_ in ("JPEG", "PNG", "TIFF"):
        assert not colorize(save(pixels, format_), predictor, ColorizeOptions(format=asked)).warnings


@pytest.mark.parametrize("uncolored", [True, False], ids=["uncolored", "colored"])
@pytest.mark.parametrize("format_", ["PNG", "WEBP", "TIFF", "HEIF"])
def test_transparency_is_kept_or_its_loss_is_said(format_, uncolored, pixels, save, predictor):
    alpha = np.full(pixels.shape, 255, np.uint8)
    options = {"lossless": True} if format_ == "WEBP" else {}
    for clear in (False, True):
        alpha[:8] = 0 if clear else 255
        source = save(np.dstack([pixels, pixels, pixels, alpha]), format_, **options)
        said = colorize(source, predictor, ColorizeOptions(format="jpeg", uncolor=uncolored)).warnings
        assert any("no transparency" in sentence for sentence in said) == clear
        if format_ != "HEIF":
            kept = colorize(source, predictor, ColorizeOptions(uncolor=uncolored))
            assert not any("transparency" in sentence for sentence in kept.warnings)
            assert (
                Image.open(io.BytesIO(kept.data)).convert("RGBA").getchannel("A").getextrema()[0]
                == alpha.min()
            )
