"""What a JPEG 2000's samples and boxes mean, whatever their depth."""

import struct

import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom import color
from photochrom.errors import UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import PhotoLimits, colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.jp2 import read_jp2
from workers.pipeline.formats.jp2_boxes import make_box, read_boxes
from workers.pipeline.metadata import icc
from workers.pipeline.photo import Photo


def coded(samples: np.ndarray, bits: int, container: str = "jp2") -> bytes:
    return bytes(
        imagecodecs.jpeg2k_encode(
            samples, level=0, bitspersample=bits, codecformat=container, reversible=True
        )
    )


def with_header(data: bytes, *new: tuple[bytes, bytes], first: bool = False) -> bytes:
    """A JP2 in whose header these boxes take the place of those of their kind."""
    kinds, parts = [kind for kind, _ in new], []
    for kind, payload in read_boxes(data):
        if kind == b"jp2h":
            kept = [(k, p) for k, p in read_boxes(payload) if k not in kinds]
            payload = b"".join(make_box(*part) for part in (*kept, *new))
        parts.append(make_box(kind, payload))
    return b"".join(parts)


def enumerated(space: int) -> tuple[bytes, bytes]:
    return b"colr", b"\x01\x00\x00" + struct.pack(">I", space)


def read(data: bytes) -> Photo:
    return read_jp2(data, PhotoLimits())


@pytest.mark.parametrize("bits", range(1, 17))
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("container", ["jp2", "j2k"])
def test_grey_of_any_depth_has_the_full_range(container, signed, bits):
    levels = np.arange(64 * 64).reshape(64, 64) * (2**bits - 1) // (64 * 64 - 1)
    kind = ("i" if signed else "u") + ("1" if bits <= 8 else "2")
    data = coded((levels - (2 ** (bits - 1) if signed else 0)).astype(kind), bits, container)
    found = read(data).pixels
    assert found.dtype == (np.uint8 if bits <= 8 else np.uint16)
    assert_array_equal(found, np.rint(levels / (2**bits - 1) * np.iinfo(found.dtype).max))


@pytest.mark.parametrize("method", [2, 3])
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_profile_is_applied_once(dtype, grey, method):
    """Gamma 1.8: encoded 0.5 is a light of 0.5 ** 1.8."""
    top = np.iinfo(dtype).max
    levels = np.linspace(0, top, 64 * 64).reshape(64, 64).astype(dtype)
    profile = bytearray(icc.power(1.8))
    if grey:
        profile[16:20] = b"GRAY"
        profile = profile.replace(b"rTRC", b"kTRC", 1)
    samples = levels if grey else levels[..., None].repeat(3, -1)
    data = with_header(
        coded(samples, dtype().itemsize * 8), (b"colr", bytes([method, 0, 0]) + bytes(profile))
    )
    photo = decode(data, PhotoFormat.JP2, PhotoLimits())
    found = photo.pixels if grey else photo.pixels[..., 1]
    wanted = color.lightness_of_luminance((levels / top) ** 1.8)
    error = np.abs(color.lightness_of_luminance(color.linear(found / top)) - wanted)
    assert error[levels > top // 16].max() < 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_sycc_becomes_rgb(dtype, rgb_photo):
    top = np.iinfo(dtype).max
    rgb = rgb_photo[:64, :64] / 255
    y, half = rgb @ [0.299, 0.587, 0.114], (top + 1) // 2
    ycc = np.stack(
        [y * top, (rgb[..., 2] - y) / 1.772 * top + half, (rgb[..., 0] - y) / 1.402 * top + half], -1
    )
    data = with_header(
        coded(np.clip(np.rint(ycc), 0, top).astype(dtype), dtype().itemsize * 8), enumerated(18)
    )
    assert np.abs(read(data).pixels / top - rgb).max() < 2 / 255


def test_cmyk_becomes_rgb(rgb_photo):
    inks = np.dstack([255 - rgb_photo[:64, :64], np.zeros((64, 64), np.uint8)])
    photo = read(with_header(coded(inks, 8), enumerated(12)))
    assert_array_equal(photo.pixels, rgb_photo[:64, :64])
    assert photo.alpha is None
    assert "CMYK" in photo.warnings[0]


def test_spaces_that_are_not_read_are_called_by_their_names(rgb_photo):
    data = coded(np.ascontiguousarray(rgb_photo[:32, :32]), 8)
    with pytest.raises(UnsupportedFormat, match="CIELAB; save it as RGB"):
        read(with_header(data, enumerated(14)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", [1, 2], ids=["opacity", "multiplied"])
def test_channels_are_what_their_definition_says(kind, dtype, rgb_photo):
    top = np.iinfo(dtype).max
    colors = (rgb_photo[:64, :64].astype(dtype) * (top // 255)).astype(dtype)
    alpha = np.full((64, 64), top // 2 + 1, dtype)
    stored = np.rint(colors * (alpha[0, 0] / top)).astype(dtype) if kind == 2 else colors
    # Blue, green, red, and first of all opacity.
    samples = np.dstack([alpha, stored[..., ::-1]])
    roles = [(0, kind, 0), (1, 0, 3), (2, 0, 2), (3, 0, 1)]
    cdef = struct.pack(">H", 4) + b"".join(struct.pack(">HHH", *role) for role in roles)
    photo = read(with_header(coded(samples, dtype().itemsize * 8), (b"cdef", cdef)))
    assert np.abs(photo.pixels.astype(int) - colors).max() <= (1 if kind == 2 else 0)
    assert_array_equal(photo.alpha, alpha)


@pytest.mark.parametrize("bits", [4, 8])
def test_a_palette_gives_its_colours(bits):
    random = np.random.default_rng(4)
    table = random.integers(0, 256, (2**bits, 3)).astype(np.uint8)
    indices = random.integers(0, 2**bits, (32, 32)).astype(np.uint8)
    pclr = struct.pack(">HB", 2**bits, 3) + bytes([7, 7, 7]) + table.tobytes()
    cmap = b"".join(struct.pack(">HBB", 0, 1, column) for column in range(3))
    data = with_header(coded(indices, bits), (b"pclr", pclr), (b"cmap", cmap), enumerated(16))
    assert_array_equal(read(data).pixels, table[indices])


@pytest.mark.parametrize("asked", ["jp2", "png"])
def test_xml_boxes_stay_or_their_loss_is_said(asked, grey_photo, predictor):
    data = coded(np.ascontiguousarray(grey_photo[:32, :32]), 8) + make_box(b"xml ", b"<gml>Main Street</gml>")
    result = colorize(data, predictor, ColorizeOptions(format=asked))
    assert (b"<gml>Main Street</gml>" in result.data) == (asked == "jp2")
    assert any("XML" in warning for warning in result.warnings) == (asked != "jp2")


@pytest.mark.parametrize("share", [(4, 1), (4, 4), (1, 2)])
def test_colour_at_a_share_that_is_not_decoded_is_refused_by_name(share, rgb_photo):
    pixels = np.ascontiguousarray(rgb_photo[:32, :32])
    data = bytearray(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k", mct=False))
    for component in (1, 2):
        data[43 + 3 * component : 45 + 3 * component] = bytes(share)
    with pytest.raises(UnsupportedFormat, match="save it without subsampling"):
        read(bytes(data))


def test_subsampled_grey_is_refused_by_name(grey_photo):
    data = bytearray(coded(np.ascontiguousarray(grey_photo[:32, :32]), 8, "j2k"))
    data[43] = 2
    with pytest.raises(UnsupportedFormat, match="save it without subsampling"):
        read(bytes(data))
