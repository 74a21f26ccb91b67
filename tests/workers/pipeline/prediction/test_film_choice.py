import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from photochrom import color
from photochrom.photo.film import SENSITIVITIES, Film
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata.date import year_of
from workers.pipeline.prediction.film_choice import film_used

RELIT = ColorizeOptions(light="panchromatic")


def exif(date: str, tag: int = 0x9003) -> bytes:
    block = Image.Exif()
    block.get_ifd(0x8769)[tag] = date
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def xmp(date: str) -> bytes:
    return f'<rdf:Description photoshop:DateCreated="{date}"/>'.encode()


@pytest.mark.parametrize(
    ("year", "film", "chosen_by"),
    [
        (1865, Film.BLUE, "date"),
        (1899, Film.BLUE, "date"),
        (1912, Film.ORTHOCHROMATIC, "date"),
        (1935, Film.PANCHROMATIC, "date"),
        (2019, Film.ORTHOCHROMATIC, "default"),  # the scanner's date
    ],
)
def test_auto_goes_by_the_date_of_the_photograph(year, film, chosen_by):
    for used in (
        film_used(RELIT, exif(f"{year}:07:14 12:00:00"), None),
        film_used(RELIT, None, xmp(f"{year}-07-14")),
        film_used(RELIT, None, f"<x><photoshop:DateCreated>{year}</photoshop:DateCreated></x>".encode()),
    ):
        assert used is not None
        assert (used.film, used.chosen_by) == (film, chosen_by)


@pytest.mark.parametrize(
    ("exif_block", "xmp_packet"),
    [
        (None, None),
        (b"damaged", b"<no date>"),
        (exif("    :  :  "), None),
        (exif("1910:01:01 00:00:00", 0x9004), None),
    ],
)
def test_without_a_date_it_is_the_milder_of_the_two_old_films(exif_block, xmp_packet):
    assert year_of(exif_block, xmp_packet) is None
    used = film_used(RELIT, exif_block, xmp_packet)
    assert used is not None
    assert (used.film, used.chosen_by) == (Film.ORTHOCHROMATIC, "default")


def test_what_the_caller_says_goes_before_the_date():
    for film in (Film.BLUE, Film.ORTHOCHROMATIC, Film.PANCHROMATIC):
        used = film_used(RELIT.model_copy(update={"film": film}), exif("1912:01:01 00:00:00"), None)
        assert used is not None
        assert (used.film, used.chosen_by) == (film, "caller")
        assert sum(used.weights) == pytest.approx(1, abs=1e-6)
    assert film_used(ColorizeOptions(film="blue"), None, None) is None


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_film_and_weights_stand_in_the_metadata(format_, predictor, save, grey_photo):
    result = colorize(
        save(grey_photo, format_), predictor, ColorizeOptions(light="panchromatic", film="blue")
    )
    assert b'photochrom:Film="blue" photochrom:FilmWeights="0.02 0.11 0.87"' in result.data
    assert result.film is not None
    assert_allclose(result.film.weights, SENSITIVITIES[Film.BLUE].weights)
    plain = colorize(save(grey_photo, format_), predictor, ColorizeOptions())
    assert plain.film is None
    assert b"FilmWeights" not in plain.data


@pytest.mark.parametrize("format_", ["png", "tiff", "jp2", "webp", "heic", "avif", "jxl"])
def test_every_format_of_a_result_has_the_light(format_, predictor, save, grey_photo):
    scan = grey_photo.astype(np.uint16) * 257 if format_ in ("png", "tiff") else grey_photo
    options = ColorizeOptions(light="panchromatic", film="blue", format=format_, quality=100)
    result = colorize(save(scan, "TIFF"), predictor, options)
    found = decode(result.data, PhotoFormat(format_), PhotoLimits()).pixels
    top = np.iinfo(found.dtype).max
    seen = color.lightness_of_luminance(
        color.linear(found / top) @ np.array(SENSITIVITIES[Film.BLUE].weights)
    )
    off = np.abs(seen - color.lightness(grey_photo[..., None].repeat(3, -1) / 255))
    # The lossy ones add their own loss, that of halved chroma above all.
    assert off.max() < 0.5 if format_ in ("png", "tiff", "jp2", "jxl") else off.mean() < 1
