import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import PhotoRejected, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0", PhotoFormat.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", PhotoFormat.PNG),
        (b"II*\x00\x08\x00\x00\x00", PhotoFormat.TIFF),
        (b"MM\x00*\x00\x00\x00\x08", PhotoFormat.TIFF),
        (b"II+\x00\x08\x00\x00\x00", PhotoFormat.TIFF),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", PhotoFormat.WEBP),
        (b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heic", PhotoFormat.HEIC),
        (b"\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avifmiaf", PhotoFormat.AVIF),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1", PhotoFormat.AVIF),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", PhotoFormat.JP2),
        (b"\xff\x4f\xff\x51\x00", PhotoFormat.JP2),
        (b"\xff\x0a\xfa\x7f", PhotoFormat.JXL),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", PhotoFormat.JXL),
        (b"GIF89a", PhotoFormat.GIF),
        (b"BM\x36\x04\x00\x00\x00\x00\x00\x00\x36\x04\x00\x00\x28\x00\x00\x00", PhotoFormat.BMP),
        (b"P4\n8 8\n", PhotoFormat.PNM),
        (b"P6#made by hand\n", PhotoFormat.PNM),
        (b"P7\nWIDTH 8\n", PhotoFormat.PNM),
    ],
)
def test_known_formats(head, expected):
    assert sniff(head) is expected


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"BMPs are what he called them", "not an image"),
        (b"P5, page 3", "not an image"),
        (b"P7 332\n", "not an image"),
        (b"Pf\n8 8\n-1.0\n", "float map; save it"),
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x00", "raw camera file"),
        (b"PK\x03\x04", "ZIP"),
        (b"8BPS", "Photoshop"),
        (b"<svg xmlns", "SVG"),
        (b"  <!DOCTYPE html>", "web page"),
        (b"\x00\x00\x00\x20ftypisom", "video"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio"),
        (b"<!doctype html>", "web page"),
        (b"\x00\x00\x01\x00\x01\x00\x10\x10", "ICO.*save it as TIFF or PNG"),
        (b"\n\x05\x01\x08", "PCX.*save it as"),
        (b"\x01\xda\x01\x01", "SGI.*save it as"),
        (b"II\xbc\x01", "JPEG XR.*save it as"),
        (b"gimp xcf v011", "GIMP.*save it as"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript.*save it as"),
        (bytes(128) + b"DICM", "DICOM.*export it"),
        (b"\xef\xbb\xbf\xff\xd8\xff\xe0", "JPEG with other bytes in front"),
        ("\xff\xd8\xff\xe0".encode(), "JPEG copied as if it were text"),
        (b"\x89PNG\n\x1a\n", "PNG copied as if it were text"),
        (b"/9j/4AAQSkZJRg", "Base64; decode it"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "AppleDouble.*send the file itself"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS.*fetch"),
        (b"just some words", "not an image"),
    ],
)
def test_other_files_are_named_and_told_what_is_accepted(head, name):
    with pytest.raises(UnsupportedFormat, match=f"{name}.*JPEG, PNG, TIFF"):
        sniff(head)


def test_an_empty_file_is_said_to_be_empty():
    with pytest.raises(UnreadablePhoto, match="empty"):
        sniff(b"")


@given(st.binary(max_size=2 * HEAD_BYTES))
def test_any_bytes_have_a_format_or_are_rejected(head):
    with contextlib.suppress(PhotoRejected):
        assert isinstance(sniff(head), PhotoFormat)
