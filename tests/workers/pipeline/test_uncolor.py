import io

import jpeglib
import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.jpeg.file import DHT, DQT, SOS, JpegFile
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata import icc
from workers.pipeline.metadata.xmp import SOURCE_TYPE
from workers.pipeline.uncolor import relit_by

UNCOLOR = ColorizeOptions(uncolor=True)
SIZES = [(64, 64), (41, 90), (97, 33), (8, 17), (120, 77), (16, 200)]


@pytest.fixture
def luma_blocks(tmp_path):
    """The luma's quantized coefficients and its table, as libjpeg reads them."""

    def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
        path = tmp_path / "photo.jpg"
        path.write_bytes(data)
        found = jpeglib.read_dct(str(path))
        return found.Y, found.qt[found.quant_tbl_no[0]]

    return read


@pytest.fixture
def scans(grey_photo, rgb_photo) -> list[np.ndarray]:
    """Twelve small photographs, grey and sepia, of sizes that fill their last blocks and that do not."""
    rng = np.random.default_rng(3)
    found = []
    for height, width in SIZES:
        y, x = rng.integers(0, 100, 2)
        found.append(np.ascontiguousarray(grey_photo[y : y + height, x : x + width]))
        found.append(np.ascontiguousarray(rgb_photo[y : y + height, x : x + width]))
    return found


def test_the_scan_s_luma_comes_back_bit_for_bit(encode_jpeg, scans, predictor, luma_blocks):
    """19 ways to encode, 12 photographs each: 228 files."""
    for pixels in scans:
        scan = encode_jpeg(pixels)
        colored = colorize(scan, predictor, ColorizeOptions(quality=70)).data
        back = colorize(colored, predictor, UNCOLOR)
        assert back.warnings == ()
        for found, wanted in zip(luma_blocks(back.data), luma_blocks(scan), strict=True):
            np.testing.assert_array_equal(found, wanted)
        assert len(JpegFile.read(back.data).frame.components) == 1
        np.testing.assert_array_equal(
            simplejpeg.decode_jpeg(back.data, "GRAY"), simplejpeg.decode_jpeg(scan, "GRAY")
        )


def test_of_a_grey_scan_the_very_coding_comes_back(save, predictor, grey_photo):
    scan = JpegFile.read(save(grey_photo, "JPEG", quality=80, progressive=True))
    back = JpegFile.read(
        colorize(colorize(bytes(scan), predictor, ColorizeOptions()).data, predictor, UNCOLOR).data
    )
    assert [s for s in back.coding if s.marker in (SOS, DHT, DQT)] == list(scan.coding)


def test_what_the_file_says_of_itself_is_true_again(save, predictor, grey_photo):
    colored = colorize(save(grey_photo, "JPEG", comment=b"Box 12"), predictor, ColorizeOptions()).data
    back = colorize(colored, predictor, UNCOLOR).data
    assert SOURCE_TYPE.encode() in colored
    assert SOURCE_TYPE.encode() not in back
    assert b'stEvt:action="uncolored"' in back
    assert b"Box 12" in back


def test_a_luma_that_was_changed_is_told(save, predictor, rgb_photo):
    colored = colorize(save(rgb_photo, "JPEG"), predictor, ColorizeOptions()).data
    with Image.open(io.BytesIO(colored)) as image:
        again = save(np.asarray(image), "JPEG", xmp=image.info["xmp"])
    assert "not the one" in colorize(again, predictor, UNCOLOR).warnings[0]
    assert "does not say" in colorize(save(rgb_photo, "JPEG"), predictor, UNCOLOR).warnings[0]


def test_a_grey_profile_comes_back_with_its_curve(save, predictor, grey_photo):
    profile = icc.greyed(icc.power(1.8))
    colored = colorize(save(grey_photo, "JPEG", icc_profile=profile), predictor, ColorizeOptions()).data
    with Image.open(io.BytesIO(colorize(colored, predictor, UNCOLOR).data)) as image:
        found = image.info["icc_profile"]
    assert image.mode == "L"
    assert icc.color_space(found) == "GRAY"
    np.testing.assert_array_equal(icc.tone_curve(found), icc.tone_curve(profile))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("format_", ["png", "tiff", "webp", "jp2", "jxl"])
def test_other_formats_give_the_lightness_back(format_, depth, predictor, grey_photo, lightness_of):
    deep = np.minimum(grey_photo.astype(np.uint32) * 257 + 90, 65535).astype(np.uint16)
    pixels = grey_photo if depth == 8 else deep
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="minisblack")
    colored = colorize(file.getvalue(), predictor, ColorizeOptions(format=format_, quality=100)).data
    back = colorize(colored, predictor, ColorizeOptions(uncolor=True, format="tiff"))
    found = tifffile.imread(io.BytesIO(back.data))
    assert found.shape == pixels.shape
    limit = 0.5 if format_ in ("png", "tiff", "jxl") else 3
    assert np.abs(lightness_of(found) - lightness_of(pixels)).max() < limit


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_each_format_stays_what_it_is(format_, save, predictor, rgb_photo):
    source = save(rgb_photo, format_, **({"lossless": True} if format_ == "WEBP" else {}))
    colored = colorize(source, predictor, ColorizeOptions()).data
    with Image.open(io.BytesIO(colorize(colored, predictor, UNCOLOR).data)) as image:
        assert image.format == format_
        pixels = np.asarray(image)
    assert pixels.ndim == 2 or (np.ptp(pixels, axis=2) == 0).all()


def test_transparency_stays(save, predictor, rgb_photo):
    alpha = np.arange(rgb_photo[..., 0].size, dtype=np.uint8).reshape(rgb_photo.shape[:2])
    for format_ in ("PNG", "TIFF"):
        source = save(np.dstack([rgb_photo, alpha]), format_)
        back = colorize(source, predictor, UNCOLOR).data
        with Image.open(io.BytesIO(back)) as image:
            assert image.mode == "LA"
            np.testing.assert_array_equal(np.asarray(image)[..., 1], alpha)


@pytest.mark.parametrize("film", ["blue", "orthochromatic"])
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG"])
def test_of_a_result_in_the_eye_s_light_the_scan_s_comes_back(film, format_, save, predictor, grey_photo):
    scan = grey_photo.astype(np.uint16) * 257 if format_ == "TIFF" else grey_photo
    source = save(scan, format_, **({"quality": 95} if format_ == "JPEG" else {}))
    options = ColorizeOptions(light="panchromatic", film=film, quality=95)
    relit = colorize(source, predictor, options)
    back = colorize(relit.data, predictor, ColorizeOptions(uncolor=True, quality=95))
    before, after = (
        decode(data, PhotoFormat(format_.lower()), PhotoLimits()).pixels for data in (source, back.data)
    )
    off = np.abs((after if after.ndim == 2 else after[..., 0]).astype(int) - before)
    if format_ == "JPEG":
        assert any("computed" in warning for warning in back.warnings)
        assert off.mean() < 1
    else:
        assert off.max() <= (13 if format_ == "TIFF" else 1)
    assert b"photochrom:FilmWeights" not in back.data


def test_weights_that_no_film_has_are_not_believed():
    for weights in ("", "1 2", "nan 0 1", "0.5 0.5 0.5", "-1 1 1", "a b c"):
        note = f'<x photochrom:Film="blue" photochrom:FilmWeights="{weights}"/>'
        packet = (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
            f' xmlns:photochrom="urn:photochrom:xmp:1.0:"{note[2:-2]}/></rdf:RDF>'
        )
        assert relit_by(packet.encode()) is None
