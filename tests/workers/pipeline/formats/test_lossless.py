"""BMP, GIF and portable maps come back as PNGs with the very lightness of their pixels."""

import io

import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.errors import PhotoRejected, PhotoTooLarge
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.limits import PhotoLimits
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
