import builtins
import io

import cv2
import imagecodecs
import numpy as np
import pillow_heif
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, ImageOps

from photochrom.errors import PhotoRejected, PhotoTooLarge, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import PhotoLimits, colorize
from workers.pipeline.formats.stills import read_still
from workers.pipeline.metadata import icc
from workers.pipeline.metadata.orientation import ORIENTATION_TAG

FORMATS = {"WEBP": "webp", "AVIF": "avif", "HEIF": "heic"}


def as_itself(format_: str, **options) -> ColorizeOptions:
    """HEIC is written where it is asked for and only there."""
    return ColorizeOptions(format="heic" if format_ == "HEIF" else "same", **options)


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def shown(data: bytes) -> np.ndarray:
    """Grey (H, W), turned as any viewer turns it."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("L")).astype(float)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
def test_its_own_format_same_size_close_lightness(format_, grey, save, predictor, rgb_photo, lightness_of):
    pixels = np.ascontiguousarray(rgb_photo[60:220, 100:340, 1] if grey else rgb_photo[60:220, 100:340])
    result = colorize(save(pixels, format_, quality=95), predictor, as_itself(format_, quality=98))
    assert result.media_type == f"image/{FORMATS[format_]}"
    found = opened(result.data)
    assert found.shape == (*pixels.shape[:2], 3)
    assert np.abs(lightness_of(found) - lightness_of(pixels)).mean() < 1.5
    assert np.ptp(found.astype(int), axis=2).mean() > 10


@pytest.mark.parametrize("asked", FORMATS.values())
def test_they_can_be_asked_for(asked, save, predictor, grey_photo):
    source = save(np.ascontiguousarray(grey_photo[:128, :160]), "PNG")
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert opened(result.data).shape == (128, 160, 3)
    assert result.extension == f".{asked}"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("asked", ["same", "png"])
@pytest.mark.parametrize("format_", FORMATS)
def test_every_orientation_is_applied_once(format_, asked, orientation, save, predictor, rgb_photo):
    """The network sees, and viewers of the result see, what viewers of the source see."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    pixels = np.ascontiguousarray(rgb_photo[60:156, 100:244, 1])
    data = save(pixels, format_, exif=exif.tobytes(), quality=90)
    wanted = shown(data)
    assert wanted.shape == ((96, 144) if orientation < 5 else (144, 96))
    result = colorize(data, predictor, ColorizeOptions(format=asked, strength=0, quality=95))
    assert (result.height, result.width) == wanted.shape
    assert np.abs(shown(result.data) - wanted).mean() < 5
    seen = cv2.resize(predictor.seen[-1] * 2.55, wanted.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    "carried",
    [
        {},
        {"icc_profile": icc.srgb()},
        {"exif": b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
        {"xmp": b"<notes/>"},
    ],
    ids=lambda carried: next(iter(carried), "plain"),
)
def test_lossless_webp_stays_lossless(carried, save, predictor, grey_photo, lightness_of):
    data = save(grey_photo, "WEBP", lossless=True, **carried)
    assert data[12:16] == (b"VP8X" if carried else b"VP8L")
    result = colorize(data, predictor, ColorizeOptions())
    assert np.abs(lightness_of(opened(result.data)) - lightness_of(grey_photo)).max() < 0.5


@pytest.mark.parametrize("lossless", [True, False])
def test_an_animation_is_as_lossless_as_its_first_frame(lossless, predictor, grey_photo):
    frames = [Image.fromarray(grey_photo[:64, :64]), Image.fromarray(grey_photo[64:128, :64])]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=lossless, quality=80)
    assert read_still(file.getvalue(), PhotoFormat.WEBP, PhotoLimits()).lossless == lossless


@pytest.mark.parametrize("asked", ["webp", "avif", "heic", "jp2", "jxl"])
def test_a_jpeg_in_another_format_heeds_quality(asked, save, predictor, grey_photo):
    source = save(grey_photo, "JPEG", quality=85)
    sizes = [
        len(colorize(source, predictor, ColorizeOptions(format=asked, quality=quality)).data)
        for quality in (10, 92)
    ]
    assert sizes[0] < sizes[1] / 2
    assert sizes[1] < 4 * len(source)


@pytest.mark.parametrize("format_", ["WEBP", "AVIF", "HEIF", "PNG"])
def test_transparency_is_kept(format_, save, predictor, rgb_photo):
    alpha = np.tile(np.arange(240, dtype=np.uint16) * 255 // 239, (160, 1)).astype(np.uint8)
    source = save(np.dstack([rgb_photo[60:220, 100:340], alpha]), format_)
    found = opened(colorize(source, predictor, as_itself(format_)).data)
    assert found.shape == (160, 240, 4)
    assert np.abs(found[..., 3].astype(int) - alpha).mean() < 3


def test_of_an_animation_the_first_frame_is_taken_and_said(predictor, rgb_photo):
    frames = [Image.fromarray(rgb_photo), Image.fromarray(255 - rgb_photo)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], quality=95)
    result = colorize(file.getvalue(), predictor, ColorizeOptions())
    assert any("2 pictures" in warning for warning in result.warnings)
    assert np.abs(opened(result.data).mean() - rgb_photo.mean()) < 25


@pytest.mark.parametrize("main", [0, 1])
def test_of_a_heic_with_several_pictures_the_main_one_is_taken_and_said(main, predictor, rgb_photo):
    frames = [Image.fromarray(rgb_photo), Image.fromarray(255 - rgb_photo)]
    file = io.BytesIO()
    frames[0].save(file, "HEIF", save_all=True, append_images=frames[1:], quality=95, primary_index=main)
    result = colorize(file.getvalue(), predictor, ColorizeOptions())
    assert "The file has 2 pictures; only the main one was colorized." in result.warnings
    assert np.abs(opened(result.data).mean() - np.asarray(frames[main]).mean()) < 25


def test_ten_bit_heic_keeps_its_ten_bits(predictor, grey_photo):
    deep = np.ascontiguousarray(grey_photo[:128, :128, None].repeat(3, -1)).astype(np.uint16) * 257
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (128, 128), deep.tobytes()).save(file, quality=95)
    result = colorize(file.getvalue(), predictor, ColorizeOptions(format="heic"))
    found = pillow_heif.open_heif(io.BytesIO(result.data), convert_hdr_to_8bit=False)
    assert found.info["bit_depth"] == 10


def test_deep_avif_keeps_its_depth_where_the_result_can(predictor, lightness_of):
    deep = np.tile(np.linspace(100, 900, 192).astype(np.uint16), (64, 1))  # steps that 8 bits cannot hold
    source = bytes(imagecodecs.avif_encode(deep, level=100, bitspersample=10))
    result = colorize(source, predictor, ColorizeOptions(format="png"))
    found = imagecodecs.png_decode(result.data)
    assert found.dtype == np.uint16
    wanted = (imagecodecs.avif_decode(source) * (65535 / 1023)).round().astype(np.uint16)
    assert np.abs(lightness_of(found) - lightness_of(wanted)).max() < 0.1
    assert not any("bits per sample" in warning for warning in result.warnings)


@pytest.mark.parametrize("asked", ["avif", "webp", "jpeg"])
def test_depth_that_a_format_is_not_written_with_is_said(asked, predictor, grey_photo, save):
    source = save(grey_photo.astype(np.uint16) * 257, "PNG")
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert any("8 bits per sample" in warning for warning in result.warnings)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_cut_anywhere_is_a_clear_error(format_, save, predictor, rgb_photo):
    source = save(np.ascontiguousarray(rgb_photo[:96, :96]), format_, quality=80)
    for cut in np.linspace(1, len(source) - 1, 20).astype(int):
        with pytest.raises(PhotoRejected, match=r"truncated|damaged|not an image"):
            colorize(source[:cut], predictor, ColorizeOptions())


@pytest.mark.parametrize("format_", FORMATS)
def test_too_many_pixels_are_refused_before_decoding(format_, save, predictor, rgb_photo):
    with pytest.raises(PhotoTooLarge):
        colorize(save(rgb_photo, format_), predictor, ColorizeOptions(), limits=PhotoLimits(max_pixels=1000))


def test_webp_takes_no_side_beyond_its_limit(save, predictor):
    with pytest.raises(UnsupportedFormat, match="16383"):
        colorize(save(np.zeros((8, 16_400), np.uint8), "PNG"), predictor, ColorizeOptions(format="webp"))


def test_a_heic_becomes_a_jpeg_and_the_record_says_so(save, predictor, rgb_photo):
    source = save(rgb_photo, "HEIF", quality=95)
    result = colorize(source, predictor, ColorizeOptions())
    assert (result.media_type, result.extension) == ("image/jpeg", ".jpg")
    assert any("format=heic" in warning for warning in result.warnings)
    asked = colorize(source, predictor, ColorizeOptions(format="jpeg"))
    # The note of each tells the options that it was made with; the picture is one.
    assert_array_equal(*(np.asarray(Image.open(io.BytesIO(each.data))) for each in (asked, result)))
    assert not any("format=heic" in warning for warning in asked.warnings)


def test_without_its_encoder_heic_is_read_and_refused_as_a_result(save, predictor, grey_photo, monkeypatch):
    source = save(grey_photo, "HEIF")
    real_import = builtins.__import__

    def without_heif(name, *rest):
        if name == "pillow_heif":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_heif)
    assert colorize(source, predictor, ColorizeOptions()).media_type == "image/jpeg"
    seen = len(predictor.seen)
    with pytest.raises(UnsupportedFormat, match=r"photochrom\[heic-write\]"):
        colorize(source, predictor, ColorizeOptions(format="heic"))
    assert len(predictor.seen) == seen, "refused before anything is predicted"


def test_pixels_of_a_heic_outlive_its_decoder(save, rgb_photo):
    source = save(rgb_photo, "HEIF", quality=95)
    photos = [read_still(source, PhotoFormat.HEIC, PhotoLimits()) for _ in range(4)]
    assert all((photo.pixels == photos[0].pixels).all() for photo in photos)
    assert np.abs(photos[0].pixels.astype(int) - rgb_photo).mean() < 5


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("frames", [2, 5])
def test_a_deep_sequence_gives_its_first_picture_and_no_crash(
    frames, bits, predictor, rgb_photo, lightness_of
):
    first = np.ascontiguousarray(rgb_photo[:64, :96]).astype(np.uint16) << (bits - 8)
    pictures = np.stack([first, *[np.zeros_like(first)] * (frames - 1)])
    source = bytes(imagecodecs.avif_encode(pictures, level=95, bitspersample=bits, pixelformat="444"))
    result = colorize(source, predictor, ColorizeOptions(format="png"))
    found = imagecodecs.png_decode(result.data)
    assert np.abs(lightness_of(found) - lightness_of(rgb_photo[:64, :96])).mean() < 2
    said = " ".join(result.warnings)
    assert f"{frames} pictures" in said
    assert "8 of them were read" in said


@pytest.mark.parametrize("bits", [10, 12])
def test_the_depth_of_an_avif_is_how_it_is_coded(bits, predictor):
    deep = np.tile(np.linspace(100, 900, 192).astype(np.uint16), (64, 1)) << (bits - 10)
    source = bytes(imagecodecs.avif_encode(deep, level=100, bitspersample=bits)).replace(b"pixi", b"skip")
    found = imagecodecs.png_decode(colorize(source, predictor, ColorizeOptions(format="png")).data)
    assert len(np.unique(found[..., 1])) > 256


def test_a_size_that_the_decoder_would_not_take_is_refused_as_too_large(predictor, save, rgb_photo):
    source = bytearray(save(rgb_photo, "AVIF"))
    at = source.index(b"ispe") + 8
    source[at : at + 8] = (17_000).to_bytes(4, "big") * 2
    with pytest.raises(PhotoTooLarge, match="17000 x 17000"):
        colorize(bytes(source), predictor, ColorizeOptions())


def test_a_heif_of_another_kind_is_not_called_damaged(predictor, save, rgb_photo):
    source = save(rgb_photo, "HEIF").replace(b"hvc1", b"unci")
    with pytest.raises(UnsupportedFormat, match="no picture of a kind that can be read"):
        colorize(source, predictor, ColorizeOptions())


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "HEIF", "JPEG2000"])
def test_no_refusal_speaks_to_programmers(format_, save, predictor, rgb_photo):
    source = save(np.ascontiguousarray(rgb_photo[:64, :96]), format_)
    random = np.random.default_rng(5)
    for _ in range(60):
        broken = bytearray(source)
        for at in random.integers(12, len(source), 8):
            broken[at] = random.integers(0, 256)
        try:
            colorize(bytes(broken), predictor, ColorizeOptions(format="png"))
        except PhotoRejected as refusal:
            sentence = str(refusal)
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert not any(word in sentence for word in ("0x", "<", "Error", "index", "object", "argument"))
