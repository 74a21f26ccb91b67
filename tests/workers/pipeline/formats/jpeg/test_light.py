import io
from types import SimpleNamespace

import jpeglib
import numpy as np
import pytest
import simplejpeg
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom import color
from photochrom.errors import UnreadablePhoto
from photochrom.photo.film import SENSITIVITIES, Film
from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import Prediction
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import DQT, JpegFile
from workers.pipeline.formats.jpeg.light import _at_full_size

FILMS = list(SENSITIVITIES)
RELIT = "its own quantisation"


def asked(film: Film, **more) -> ColorizeOptions:
    return ColorizeOptions(light="panchromatic", film=film, **more)


def on_film(rgb: np.ndarray, film: Film) -> np.ndarray:
    return color.lightness_of_luminance(color.linear(rgb / 255) @ np.array(SENSITIVITIES[film].weights))


def difference(result: bytes, source: bytes, film: Film) -> np.ndarray:
    """By how much what the film sees of the result differs from the scan, in L*."""
    seen = on_film(simplejpeg.decode_jpeg(result, "RGB"), film)
    return np.abs(
        seen
        - color.lightness_of_luminance(color.linear(simplejpeg.decode_jpeg(source, "GRAY")[..., 0] / 255))
    )


def coefficients(jpeg: bytes, tmp_path) -> SimpleNamespace:
    path = tmp_path / "read.jpg"
    path.write_bytes(jpeg)
    read = jpeglib.read_dct(str(path))
    return SimpleNamespace(luma=read.Y, steps=read.qt[read.quant_tbl_no[0]])


@pytest.fixture(scope="module")
def large(grey_photo) -> np.ndarray:
    """More than two megapixels: chroma at half size."""
    return np.asarray(Image.fromarray(grey_photo).resize((1603, 1301), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("film", FILMS)
@pytest.mark.parametrize("size", ["small", "large"])
def test_seen_by_the_film_the_result_is_the_scan(film, size, predictor, pillow_jpeg, grey_photo, large):
    source = pillow_jpeg(grey_photo if size == "small" else large, quality=100)
    result = colorize(source, predictor, asked(film, quality=100))
    off = difference(result.data, source, film)
    # Encoding rounds coefficients, and what no RGB of such chroma can show is clipped: the few others are counted here.
    assert (off > 0.5).mean() < 0.01
    assert off.mean() < 0.2
    assert any(RELIT in warning for warning in result.warnings)


@pytest.mark.parametrize("film", FILMS)
@pytest.mark.parametrize("quality", [60, 92])
def test_at_lower_qualities_it_differs_by_what_the_quantisation_takes(
    film, quality, predictor, pillow_jpeg, large
):
    source = pillow_jpeg(large, quality=quality)
    off = difference(colorize(source, predictor, asked(film)).data, source, film)
    assert off.mean() < 0.4
    assert (off > 2).mean() < 0.02


@pytest.mark.parametrize("colored", [False, True])
def test_the_luma_has_the_files_own_quantisation_and_its_metadata_stay(
    colored, predictor, pillow_jpeg, rgb_photo, tmp_path
):
    exif = Image.Exif()
    exif[270] = "a lake"
    pixels = rgb_photo if colored else np.ascontiguousarray(rgb_photo[..., 1])
    source = pillow_jpeg(pixels, quality=83, exif=exif, comment=b"kept")
    result = colorize(source, predictor, asked(Film.BLUE)).data
    before, after = coefficients(source, tmp_path), coefficients(result, tmp_path)
    assert_array_equal(after.steps, before.steps)
    assert after.luma.shape == before.luma.shape
    with Image.open(io.BytesIO(result)) as image:
        assert image.getexif()[270] == "a lake"
        assert image.info["comment"] == b"kept"
        assert image.size == rgb_photo.shape[1::-1]
    assert len([s for s in JpegFile.read(result).segments if s.marker == DQT]) >= 2


class HalfGrey:
    """Colours on the left only."""

    def __init__(self, predictor) -> None:
        self.card, self.provider, self._of = predictor.card, predictor.provider, predictor

    def predict(self, lightness, options):
        found = self._of.predict(lightness, options)
        found.ab[:, :, found.ab.shape[2] // 2 :] = 0
        return Prediction(found.ab, found.confidence)


@pytest.mark.parametrize("progressive", [False, True])
def test_blocks_without_colour_keep_their_coefficients(
    progressive, predictor, pillow_jpeg, grey_photo, tmp_path
):
    source = pillow_jpeg(grey_photo, quality=70, progressive=progressive)
    result = colorize(source, HalfGrey(predictor), asked(Film.BLUE, quality=100)).data
    before, after = coefficients(source, tmp_path).luma, coefficients(result, tmp_path).luma
    half = before.shape[1] // 2
    assert_array_equal(after[:, half + 4 :], before[:, half + 4 :])
    assert (after[:, : half - 4] != before[:, : half - 4]).any()


def test_without_colour_nothing_changes(predictor, pillow_jpeg, grey_photo, luma_of):
    source = pillow_jpeg(grey_photo, quality=55)
    result = colorize(source, predictor, asked(Film.BLUE, strength=0))
    assert_array_equal(luma_of(result.data), luma_of(source))


def test_panchromatic_film_saw_what_the_eye_sees(predictor, pillow_jpeg, grey_photo, luma_of):
    source = pillow_jpeg(grey_photo, quality=55)
    result = colorize(source, predictor, asked(Film.PANCHROMATIC))
    assert_array_equal(luma_of(result.data), luma_of(source))
    assert result.film is not None
    assert result.film.film is Film.PANCHROMATIC
    assert not any(RELIT in warning for warning in result.warnings)


@pytest.mark.parametrize("size", [(40, 57), (41, 58), (9, 8), (16, 131)])
def test_chroma_is_enlarged_as_the_decoder_does(size, tmp_path):
    noise = np.random.default_rng(5).integers(0, 256, ((size[0] + 1) // 2, (size[1] + 1) // 2, 3), np.uint8)
    file = io.BytesIO()
    picture = noise.repeat(2, 0).repeat(2, 1)[: size[0], : size[1]]
    Image.fromarray(np.ascontiguousarray(picture), "YCbCr").save(file, "JPEG", quality=100, subsampling=2)
    with Image.open(file) as image:
        image.draft("YCbCr", image.size)
        decoded = np.asarray(image)
    for channel, plane in enumerate(small_chroma(file.getvalue(), tmp_path), 1):
        strips = [
            _at_full_size(plane, 2, top, (min(8, size[0] - top), size[1])) for top in range(0, size[0], 8)
        ]
        assert_array_equal(np.concatenate(strips), decoded[..., channel])


def small_chroma(jpeg: bytes, tmp_path) -> list[np.ndarray]:
    """Cb and Cr of a 4:2:0 JPEG before they are enlarged: what a grey JPEG of the same coefficients decodes to."""
    path = tmp_path / "chroma.jpg"
    path.write_bytes(jpeg)
    read, planes = jpeglib.read_dct(str(path)), []
    for table, plane in zip(read.quant_tbl_no[1:], (read.Cb, read.Cr), strict=True):
        jpeglib.from_dct(plane, qt=read.qt[table][None]).write_dct(str(path))
        planes.append(simplejpeg.decode_jpeg(path.read_bytes(), "GRAY")[..., 0])
    return [plane[: (read.height + 1) // 2, : (read.width + 1) // 2] for plane in planes]


@pytest.mark.parametrize("size", [(37, 53), (2, 3), (201, 17)], ids=str)
@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
def test_every_way_to_write_a_jpeg_is_relit(encode_jpeg, luma_of, predictor, rgb_photo, size, grey):
    pixels = rgb_photo[100 : 100 + size[0], 100 : 100 + size[1]]
    source = encode_jpeg(np.ascontiguousarray(pixels[..., 0] if grey else pixels))
    with Image.open(io.BytesIO(colorize(source, predictor, asked(Film.BLUE)).data)) as image:
        image.load()
        assert (image.mode, image.size) == ("RGB", size[::-1])
    assert_array_equal(
        luma_of(colorize(source, predictor, asked(Film.BLUE, strength=0)).data), luma_of(source)
    )


def test_a_truncated_jpeg_is_relit_or_refused(predictor, pillow_jpeg, grey_photo):
    source = pillow_jpeg(grey_photo, quality=80)
    for share in (0.2, 0.5, 0.9, 0.999):
        try:
            result = colorize(source[: int(len(source) * share)], predictor, asked(Film.BLUE))
        except UnreadablePhoto:
            continue
        assert result.width == 512
