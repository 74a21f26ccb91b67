"""JPEG XL in and out: pixels, what the numbers mean, metadata, and files that are not what they say."""

import contextlib
import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.color import encoded
from photochrom.errors import PhotoRejected, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.jp2_boxes import make_box, read_boxes
from workers.pipeline.formats.jxl import picture
from workers.pipeline.formats.jxl.boxes import codestream_of, with_metadata
from workers.pipeline.formats.jxl.header import read_header
from workers.pipeline.formats.jxl.picture import as_srgb, read_jxl, write_jxl
from workers.pipeline.formats.jxl.profile import read_profile
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import Metadata

# Of 8 x 8 pixels, red across and green down, in eciRGBv2, whose profile has a curve of 4096 points.
ECI_RGB = Path(__file__).parents[3] / "photos" / "eci-rgb.jxl"
ECI_PROFILE = "f99f1ff3aa31b1edab9d6247b9a48d20061f0a9bfcc030c3d03cb5384f454f74"
LIMITS = PhotoLimits()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
SIGNATURE = make_box(b"JXL ", b"\r\n\x87\n") + make_box(b"ftyp", b"jxl \0\0\0\0jxl ")


def deep(pixels: np.ndarray, bits: int = 16) -> np.ndarray:
    return pixels if bits == 8 else pixels.astype(np.uint16) << bits - 8


def written(pixels: np.ndarray, *, lossless: bool = True, metadata: Metadata | None = None) -> bytes:
    return write_jxl(pixels, None, metadata or Metadata(), 90, lossless=lossless)


@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_files_keep_depth_and_lightness(grey, bits, predictor, rgb_photo, lightness_of):
    pixels = deep(np.ascontiguousarray(rgb_photo[..., 1] if grey else rgb_photo), bits)
    source = of_bits(pixels, bits)
    found = imagecodecs.jpegxl_decode(colorize(source, predictor, ColorizeOptions()).data)
    assert found.dtype == pixels.dtype
    full = pixels if bits != 12 else np.rint(pixels * (65535 / 4095)).astype(np.uint16)
    assert np.abs(lightness_of(found) - lightness_of(full)).max() < 0.5
    assert np.ptp(found.astype(int), axis=2).mean() > 10


def of_bits(pixels: np.ndarray, depth: int) -> bytes:
    """A codestream in sRGB of this depth, by imagecodecs, which calls more than 8 bits linear light."""
    packed = imagecodecs.jpegxl_encode(pixels, lossless=True, bitspersample=depth, effort=1)
    codestream = codestream_of(bytes(packed))
    return codestream if depth == 8 else as_srgb(codestream)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("large", [False, True])
def test_what_is_written_reads_back_equal(bits, channels, with_alpha, large, rgb_photo, monkeypatch):
    if large:
        monkeypatch.setattr(picture, "_LARGE", 0)
    pixels = deep(np.ascontiguousarray(rgb_photo if channels == 3 else rgb_photo[..., 0]), bits)
    alpha = pixels[::-1] if channels == 1 else pixels[::-1, :, 0]
    alpha = np.ascontiguousarray(alpha) if with_alpha else None
    photo = read_jxl(write_jxl(pixels, alpha, Metadata(), 92, lossless=True), LIMITS)
    assert_array_equal(photo.pixels, pixels)
    assert photo.lossless
    assert photo.metadata.icc is None
    if alpha is None:
        assert photo.alpha is None
    else:
        assert_array_equal(photo.alpha, alpha)


PEAK = """
import sys
import numpy as np
from workers.pipeline.formats.jxl import picture
from workers.pipeline.photo import Metadata

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

pixels = np.empty((2400, 2400, 3), np.uint16)
pixels[:] = (np.arange(2400) * 20).astype(np.uint16)[:, None, None]
pixels[::2, ::3] += 77
picture._LARGE = int(sys.argv[1])
before = peak()
picture.write_jxl(pixels, None, Metadata(), 92, lossless=True)
print(peak() - before)
"""


def test_a_large_picture_takes_less_than_half_of_the_usual_memory():
    usual, large = (
        int(subprocess.run([sys.executable, "-c", PEAK, most], capture_output=True, check=True).stdout)
        for most in ("25000000", "1000000")
    )
    assert large < usual / 2


def test_lossy_files_of_16_bits_look_as_those_of_8(rgb_photo):
    """As any viewer reads them: their header says sRGB, not linear light."""
    data = written(deep(rgb_photo), lossless=False)
    assert read_header(codestream_of(data)).encoding.profile() == (None, True)
    found = imagecodecs.jpegxl_decode(data) / 256
    assert np.abs(found - imagecodecs.jpegxl_decode(written(rgb_photo, lossless=False))).mean() < 1


def test_lossy_sources_give_lossy_results_by_quality(predictor, rgb_photo):
    source = written(rgb_photo, lossless=False)
    sizes = [len(colorize(source, predictor, ColorizeOptions(quality=q)).data) for q in (20, 60, 95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


def test_a_transcoded_jpeg_is_read_as_any_other(save, predictor, grey_photo, lightness_of):
    jpeg = save(grey_photo, "JPEG", quality=90)
    source = bytes(imagecodecs.jpegxl_encode_jpeg(jpeg))
    found = decode(source, PhotoFormat.JXL, LIMITS).pixels
    assert np.abs(lightness_of(found) - lightness_of(imagecodecs.jpeg8_decode(jpeg))).max() < 2
    assert colorize(source, predictor, ColorizeOptions()).data.startswith(SIGNATURE)


def test_the_profile_in_the_codestream_is_read_bit_for_bit():
    codestream = codestream_of(ECI_RGB.read_bytes())
    profile, _ = read_profile(codestream, read_header(codestream).end)
    assert profile is not None
    assert hashlib.sha256(profile).hexdigest() == ECI_PROFILE


def test_pixels_in_another_space_become_srgb():
    data = ECI_RGB.read_bytes()
    raw, photo = read_jxl(data, LIMITS), decode(data, PhotoFormat.JXL, LIMITS)
    assert raw.metadata.icc is not None
    wanted = imagecodecs.cms_transform(
        raw.pixels, raw.metadata.icc, imagecodecs.cms_profile("srgb"), colorspace="rgb", outcolorspace="rgb"
    )
    assert np.abs(photo.pixels.astype(int) - wanted).max() <= 1
    assert np.abs(photo.pixels.astype(int) - raw.pixels).max() > 5
    assert photo.warnings == ()


def test_what_is_coded_in_the_eye_s_colours_needs_no_profile(rgb_photo):
    """Such a file with a profile comes out of libjxl as linear light, in as few bits as the file says."""
    plain = codestream_of(written(deep(rgb_photo), lossless=False))
    tagged = codestream_of(ECI_RGB.read_bytes())
    theirs, ours = read_header(tagged), read_header(plain)
    _, end = read_profile(tagged, theirs.end)
    assert ours.xyb
    # Size and so on; not as usual, with a profile, RGB; what follows; the profile; the picture.
    parts = [bits(plain, 0, ours.encoding_bits[0]), "0100", bits(plain, ours.encoding_bits[1], ours.end)]
    mixed = packed("".join([*parts, bits(tagged, theirs.end, end)])) + plain[-(-ours.end // 8) :]
    assert read_header(mixed).encoding.has_icc
    assert_array_equal(read_jxl(mixed, LIMITS).pixels, read_jxl(plain, LIMITS).pixels)


def bits(data: bytes, start: int, end: int) -> str:
    return "".join(str(data[at >> 3] >> (at & 7) & 1) for at in range(start, end))


def packed(text: str) -> bytes:
    return int(text[::-1], 2).to_bytes(-(-len(text) // 8), "little")


def test_a_named_space_is_told_as_a_profile(rgb_photo):
    """libjxl calls 16 bits of imagecodecs linear light, in sRGB's primaries."""
    source = bytes(imagecodecs.jpegxl_encode(deep(rgb_photo), lossless=True, effort=1))
    photo = decode(source, PhotoFormat.JXL, LIMITS)
    wanted = encoded(deep(rgb_photo) / 65535) * 65535
    assert np.abs(photo.pixels - wanted)[deep(rgb_photo) > 500].max() < 200


def test_metadata_goes_in_and_out(predictor, save, grey_photo):
    exif = Image.Exif()
    exif[0x010E] = "Main Street"
    source = save(grey_photo[:64, :96].copy(), "PNG", exif=exif.tobytes(), dpi=(400, 300))
    first = colorize(source, predictor, ColorizeOptions(format="jxl"))
    second = colorize(first.data, predictor, ColorizeOptions(format="tiff"))
    assert first.warnings == ()
    with tifffile.TiffFile(io.BytesIO(second.data)) as tiff:
        tags = tiff.pages.first.tags
        assert tags[270].value == "Main Street"
        assert tags[282].value[0] / tags[282].value[1] == pytest.approx(400, rel=1e-3)
        assert b"photochrom:OriginalSHA256" in tags[700].value


def test_boxes_in_brotli_are_read(rgb_photo):
    packed_box = make_box(b"brob", b"xml " + bytes(imagecodecs.brotli_encode(XMP)))
    data = written(rgb_photo)
    data = data[: len(SIGNATURE)] + packed_box + data[len(SIGNATURE) :]
    assert read_jxl(data, LIMITS).metadata.xmp == XMP


def test_a_codestream_in_parts_is_put_together(rgb_photo):
    whole = codestream_of(written(rgb_photo))
    parts = (struct.pack(">I", 0) + whole[:99], struct.pack(">I", 1 | 1 << 31) + whole[99:])
    data = SIGNATURE + b"".join(make_box(b"jxlp", part) for part in parts)
    assert_array_equal(read_jxl(data, LIMITS).pixels, rgb_photo)


def test_exiftool_finds_nothing_wrong(tmp_path, predictor, rgb_photo):
    path = tmp_path / "result.jxl"
    path.write_bytes(colorize(written(deep(rgb_photo)), predictor, ColorizeOptions()).data)
    said = subprocess.run(["exiftool", "-validate", "-warning", "-a", path], capture_output=True, text=True)
    assert "Validate                        : OK" in said.stdout


def test_a_file_cut_anywhere_is_a_clear_error(predictor, rgb_photo):
    source = written(np.ascontiguousarray(rgb_photo[:96, :96]))
    for cut in np.linspace(1, len(source) - 1, 20).astype(int):
        with pytest.raises(PhotoRejected, match=r"truncated|damaged|not an image"):
            colorize(source[:cut], predictor, ColorizeOptions())


@pytest.mark.parametrize("at", range(2, 60))
def test_a_header_or_profile_of_other_bytes_is_a_picture_or_a_refusal(at):
    codestream = bytearray(codestream_of(ECI_RGB.read_bytes()))
    for value in (0, 0x55, 0xFF):
        codestream[at] = value
        with contextlib.suppress(PhotoRejected):
            assert read_jxl(bytes(codestream), PhotoLimits(max_pixels=10_000)).pixels.size


def test_too_many_pixels_are_refused_before_decoding(predictor, rgb_photo):
    with pytest.raises(PhotoTooLarge):
        colorize(written(rgb_photo), predictor, ColorizeOptions(), limits=PhotoLimits(max_pixels=1000))


def test_metadata_in_brotli_that_unfold_beyond_the_limit_are_refused(rgb_photo):
    bomb = make_box(b"brob", b"xml " + bytes(imagecodecs.brotli_encode(bytes(100 << 20), level=5)))
    data = written(rgb_photo)
    with pytest.raises(UnreadablePhoto):
        read_jxl(data[: len(SIGNATURE)] + bomb + data[len(SIGNATURE) :], LIMITS)


def test_floating_point_numbers_are_refused_by_name(rgb_photo):
    data = bytes(imagecodecs.jpegxl_encode(rgb_photo.astype(np.float32) / 255, lossless=True, effort=1))
    with pytest.raises(UnsupportedFormat, match="floating-point"):
        read_jxl(data, LIMITS)


def test_a_file_without_a_codestream_is_a_clear_error():
    with pytest.raises(UnreadablePhoto, match="truncated"):
        read_jxl(SIGNATURE, LIMITS)


def test_what_a_deep_picture_asks_of_a_decoder_stays_said(rgb_photo):
    """Level 10 for 16 bits without loss (ISO/IEC 18181-2)."""
    kinds = [kind for kind, _ in read_boxes(written(deep(rgb_photo), metadata=Metadata(xmp=XMP)))]
    assert kinds == [b"JXL ", b"ftyp", b"jxll", b"xml ", b"jxlc"]
    assert with_metadata(b"\xff\x0a", (), Metadata()).startswith(SIGNATURE)
