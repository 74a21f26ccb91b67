"""BMP, GIF and portable maps come back as PNGs with the very lightness of their pixels."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom import color
from photochrom.errors import PhotoRejected, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata import icc
from workers.pipeline.photo import Photo


def saved(image: Image.Image, format_: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def read(data: bytes, photo_format: PhotoFormat = PhotoFormat.PNM) -> Photo:
    return decode(data, photo_format, PhotoLimits())


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("format_", ["BMP", "GIF", "PPM"])
def test_the_result_is_a_png_of_the_same_lightness(format_, mode, grey_photo, predictor, lightness_of):
    image = Image.fromarray(np.ascontiguousarray(grey_photo[:96, :128])).convert(mode)
    if format_ == "PPM" and mode == "P":
        image = image.convert("L")
    source = saved(image, format_)
    result = colorize(source, predictor, ColorizeOptions())
    assert (result.extension, result.media_type) == (".png", "image/png")
    found = imagecodecs.png_decode(result.data)
    wanted = np.asarray(Image.open(io.BytesIO(source)).convert("RGB"))
    assert np.abs(lightness_of(found) - lightness_of(wanted)).max() < 0.5
    assert not result.warnings


def test_of_a_gif_the_first_picture_is_taken_and_said(grey_photo, predictor):
    frames = [Image.fromarray(part.copy()) for part in (grey_photo[:64, :64], grey_photo[64:128, :64])]
    source = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=b"Main Street")
    result = colorize(source, predictor, ColorizeOptions(strength=0))
    assert_array_equal(imagecodecs.png_decode(result.data)[..., 0], grey_photo[:64, :64])
    assert any("several pictures" in warning for warning in result.warnings)
    assert b"Comment\0Main Street" in result.data


def test_what_is_transparent_in_a_gif_stays_so(grey_photo, predictor):
    image = Image.fromarray(np.ascontiguousarray(grey_photo[:64, :64]) | 1)
    image.putpixel((5, 3), 0)
    result = colorize(saved(image, "GIF", transparency=0), predictor, ColorizeOptions())
    alpha = imagecodecs.png_decode(result.data)[..., 3]
    assert alpha[3, 5] == 0
    assert (alpha == 0).sum() == 1


@pytest.mark.parametrize("top", [1, 3, 15, 100, 255, 256, 1000, 4095, 65535])
@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_map_of_any_depth_has_the_full_range(colour, plain, top):
    levels = np.random.default_rng(0).integers(0, top + 1, (24, 32, 3) if colour else (24, 32))
    kind = (2 if plain else 5) + colour
    head = f"P{kind}\n# made by hand\n32 24 # wide and high\n{top}\n".encode()
    packed = levels.astype("u1" if top < 256 else ">u2").tobytes()
    body = " ".join(map(str, levels.ravel())).encode() if plain else packed
    found = read(head + body).pixels
    assert found.dtype == (np.uint8 if top < 256 else np.uint16)
    assert np.abs(found - levels / top * np.iinfo(found.dtype).max).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
def test_a_bitmap_is_black_where_it_has_ones(plain):
    bits = np.random.default_rng(0).integers(0, 2, (9, 13))
    body = "".join(map(str, bits.ravel())).encode() if plain else np.packbits(bits, axis=1).tobytes()
    found = read((b"P1" if plain else b"P4") + b" 13 9\n" + body).pixels
    assert_array_equal(found, 255 * (1 - bits))


@pytest.mark.parametrize("format_", ["BMP", "GIF", "PPM"])
def test_a_file_cut_anywhere_is_a_clear_error(format_, rgb_photo, predictor):
    source = saved(Image.fromarray(np.ascontiguousarray(rgb_photo[:96, :96])), format_)
    for cut in np.linspace(1, len(source) * 2 // 3, 12).astype(int):
        with pytest.raises(PhotoRejected, match=r"truncated|damaged|not an image"):
            colorize(source[:cut], predictor, ColorizeOptions())


@pytest.mark.parametrize("head", [b"P5 60000 60000 255\n", b"P1 60000 60000\n"])
def test_too_many_pixels_are_refused_before_decoding(head):
    with pytest.raises(PhotoTooLarge):
        read(head)


@pytest.mark.parametrize("format_", ["BMP", "GIF"])
def test_so_are_those_of_other_formats(format_, rgb_photo):
    source = saved(Image.fromarray(rgb_photo), format_)
    with pytest.raises(PhotoTooLarge):
        decode(source, PhotoFormat(format_.lower()), PhotoLimits(max_pixels=1000))


KINDS_OF_PAM = {
    "BLACKANDWHITE": (1, 1),
    "GRAYSCALE": (1, 4095),
    "GRAYSCALE_ALPHA": (2, 255),
    "RGB": (3, 65535),
    "RGB_ALPHA": (4, 100),
}


def pam(levels: np.ndarray, kind: str, top: int) -> bytes:
    height, width, depth = levels.shape
    lines = f"P7\n# made by hand\nWIDTH {width}\n HEIGHT {height} \nDEPTH {depth}\nMAXVAL {top}\n\n"
    return (lines + f"TUPLTYPE {kind}\nENDHDR\n").encode() + levels.astype(
        "u1" if top < 256 else ">u2"
    ).tobytes()


@pytest.mark.parametrize(("kind", "depth", "top"), [(kind, *how) for kind, how in KINDS_OF_PAM.items()])
def test_an_arbitrary_map_is_read_with_its_transparency(kind, depth, top, predictor):
    levels = np.random.default_rng(0).integers(0, top + 1, (24, 32, depth))
    data = pam(levels, kind, top)
    found = read(data)
    scale = np.iinfo(found.pixels.dtype).max
    has_alpha = kind.endswith("ALPHA")
    planes = found.pixels.reshape(24, 32, -1)
    together = np.dstack([planes, found.alpha]) if has_alpha else planes
    assert (found.alpha is not None) == has_alpha
    assert np.abs(together - levels / top * scale).max() <= 0.5 + 1e-9
    assert colorize(data, predictor, ColorizeOptions()).extension == ".png"


def test_an_arbitrary_map_of_something_else_is_refused_by_name():
    with pytest.raises(UnsupportedFormat, match="5 samples a pixel"):
        read(pam(np.zeros((4, 4, 5), int), "SPECTRUM", 255))
    with pytest.raises(UnreadablePhoto, match="header"):
        read(b"P7\nWIDTH 4\nHEIGHT x\nDEPTH 1\nMAXVAL 255\nENDHDR\n" + bytes(16))


def bmp_of_32_bits(rgb: np.ndarray, alpha: int, masks: tuple[int, ...]) -> bytes:
    """A BMP with the fifth header, and the places of its channels in a pixel."""
    rows = np.dstack([rgb[::-1, :, ::-1], np.full(rgb.shape[:2], alpha, np.uint8)]).tobytes()
    head = struct.pack(
        "<IiiHHIIiiII4I", 124, rgb.shape[1], rgb.shape[0], 1, 32, 3, len(rows), 0, 0, 0, 0, *masks
    )
    return b"BM" + struct.pack("<IHHI", 138 + len(rows), 0, 0, 138) + head.ljust(124, b"\0") + rows


USUAL = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


@pytest.mark.parametrize("alpha", [0, 77])
def test_a_bmp_is_transparent_only_where_that_leaves_something_to_see(alpha, rgb_photo):
    rgb = np.ascontiguousarray(rgb_photo[:40, :30])
    found = read(bmp_of_32_bits(rgb, alpha, USUAL), PhotoFormat.BMP)
    assert_array_equal(found.pixels, rgb)
    assert found.alpha is None if alpha == 0 else (found.alpha == alpha).all()


def test_a_rare_bmp_is_not_called_damaged(rgb_photo, predictor):
    source = bmp_of_32_bits(rgb_photo[:40, :30], 0, (0x3FF00000, 0xFFC00, 0x3FF, 0))
    with pytest.raises(UnsupportedFormat, match="rare kind; save it with 24 bits"):
        colorize(source, predictor, ColorizeOptions())


def test_a_bitmap_s_own_profile_counts(grey_photo, predictor, lightness_of):
    """BITMAPV5HEADER: bV5CSType at 56, the profile's place and size at 112."""
    plain = saved(Image.fromarray(grey_photo[:64, :96]).convert("RGB"), "BMP")
    profile = icc.power(1.0)
    fields = plain[18:54].ljust(52, b"\0") + b"DEBM" + bytes(52)
    header = (
        struct.pack("<I", 124) + fields + struct.pack("<II", 124 + len(plain) - 54, len(profile)) + bytes(4)
    )
    source = plain[:10] + struct.pack("<I", 14 + 124) + header + plain[54:] + profile
    result = colorize(source, predictor, ColorizeOptions())
    found = lightness_of(np.asarray(Image.open(io.BytesIO(result.data))))
    wanted = color.lightness_of_luminance(grey_photo[:64, :96] / 255)
    assert np.abs(found - wanted).max() < 1
    for damage in (source[:-10], source.replace(b"acsp", b"XXXX")):
        assert colorize(damage, predictor, ColorizeOptions()).width == 96


@pytest.mark.parametrize("kind", [b"P4 64 8\n", b"P5 64 8 255\n", b"P6 64 8 255\n"])
def test_further_maps_of_a_file_are_said_to_be_left_out(kind, predictor):
    size = {b"P4": 64, b"P5": 512, b"P6": 1536}[kind[:2]]
    picture = kind + bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    assert not any("several" in note for note in read(picture).warnings)
    assert not any("several" in note for note in read(picture + b"\n").warnings)
    assert any("several" in note for note in read(picture + picture).warnings)
