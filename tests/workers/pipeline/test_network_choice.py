"""The network that is chosen colours all of a photograph, and the result names it."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from support.networks.recognizing import Says
from workers.network.networks import Networks
from workers.pipeline.colorizer import colorize
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.prediction.likely_colors import likely_colors


@pytest.fixture
def pair(predictor):
    other = type(predictor)(chroma=30)
    other.card = other.card.model_copy(update={"name": "film-colors", "weights_sha256": "1" * 64})
    return Networks(predictor, other, Says(old=True))


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
@pytest.mark.parametrize("film", ["auto", "blue", "panchromatic"])
def test_result_and_metadata_name_the_network_that_coloured(format_, film, pair, save, grey_photo):
    result = colorize(save(grey_photo, format_), pair, ColorizeOptions(film=film))
    chosen, other = (pair.usual, pair.film) if film == "panchromatic" else (pair.film, pair.usual)
    assert result.card == chosen.card
    assert chosen.seen
    assert not other.seen
    assert f'photochrom:ModelSHA256="{chosen.card.weights_sha256}"'.encode() in result.data
    assert f"{other.card.name} 1".encode() not in result.data


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("film", "vividness", "used"),
    [("blue", "auto", 0.5), ("panchromatic", "auto", 0.5), ("blue", 0.5, 0.5), ("panchromatic", 0.75, 0.75)],
)
def test_vividness_is_what_auto_begins_with_unless_the_caller_says_it(
    format_, film, vividness, used, pair, save, grey_photo
):
    photo = save(grey_photo, format_)
    result = colorize(photo, pair, ColorizeOptions(film=film, vividness=vividness))
    same = colorize(photo, pair, ColorizeOptions(film=film, vividness=used))
    assert result.vividness == used
    assert result.data == same.data
    assert f'"vividness": {used}'.encode() in result.data.replace(b"&quot;", b'"')


def test_a_strip_is_chosen_for_once_and_all_its_windows_are_one_networks(pair, save, grey_photo):
    strip = np.concatenate([grey_photo[:128]] * 3, 1)
    colorize(save(strip, "PNG"), pair, ColorizeOptions())
    assert len(pair.film.seen) > 1
    assert not pair.usual.seen
    assert len(pair.recognizer.shown) == 1


def test_all_pages_of_a_tiff_are_one_networks(pair, grey_photo):
    file = io.BytesIO()
    pages = [Image.fromarray(grey_photo), Image.fromarray(grey_photo[::-1])]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    colorize(file.getvalue(), pair, ColorizeOptions(pages="all"))
    assert len(pair.film.seen) == 2
    assert not pair.usual.seen
    assert len(pair.recognizer.shown) == 1


def test_likely_colours_are_those_of_the_network_that_coloured(pair, save, grey_photo):
    photo = save(grey_photo, "JPEG")
    likely_colors(photo, pair, ColorizeOptions(), PhotoLimits())
    assert pair.film.seen
    assert not pair.usual.seen
    likely_colors(photo, pair.only("usual"), ColorizeOptions(), PhotoLimits())
    assert pair.usual.seen


def test_without_colour_nobody_is_asked(pair, save, grey_photo):
    for options in (ColorizeOptions(color="off", levels="auto"), ColorizeOptions(uncolor=True)):
        assert colorize(save(grey_photo, "JPEG"), pair, options).vividness is None
    assert not pair.recognizer.shown
