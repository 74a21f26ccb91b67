"""With `vividness=auto` a photograph whose colours come out pale is predicted once more, more vividly."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.vividness import PALE, PALE_ON_FILM
from support.networks.recognizing import Says
from workers.network.networks import Networks
from workers.pipeline.colorizer import colorize
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.prediction.likely_colors import likely_colors

HINT = {"x": 0.5, "y": 0.5, "a": 40, "b": 20, "radius": 0.02}


def asking(predictor, chroma: float):
    """Return a network whose answers have about this mean chroma, and which remembers what it was asked."""

    class Asked(type(predictor)):
        def __init__(self) -> None:
            super().__init__(chroma)
            self.card = self.card.model_copy(update={"capabilities": ("hints",)})
            self.asked: list[ColorizeOptions] = []

        def predict(self, lightness, options):
            self.asked.append(options)
            return super().predict(lightness, options)

    return Asked()


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_pale_answer_is_asked_for_once_more_and_the_number_is_told(format_, predictor, save, grey_photo):
    network = asking(predictor, 2)
    result = colorize(save(grey_photo, format_), network, ColorizeOptions())
    assert [options.vividness for options in network.asked] == [0.5, 1]
    assert result.vividness == 1
    assert b'"vividness": 1.0' in result.data.replace(b"&quot;", b'"')


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_colourful_answer_costs_one_prediction(format_, predictor, save, grey_photo):
    network = asking(predictor, 60)
    assert colorize(save(grey_photo, format_), network, ColorizeOptions()).vividness == 0.5
    assert len(network.asked) == 1


@pytest.mark.parametrize("chroma", [2, 60])
@pytest.mark.parametrize("vividness", [0, 0.3, 1])
def test_a_number_is_obeyed_and_costs_one_prediction(chroma, vividness, predictor, save, grey_photo):
    network = asking(predictor, chroma)
    options = ColorizeOptions(vividness=vividness)
    assert colorize(save(grey_photo, "PNG"), network, options).vividness == vividness
    assert [options.vividness for options in network.asked] == [vividness]


def test_the_network_for_film_counts_as_pale_earlier(predictor, save, grey_photo):
    usual, film = asking(predictor, 14), asking(predictor, 14)
    networks = Networks(usual, film, Says(old=True))
    photo = save(grey_photo, "PNG")
    assert PALE.none < PALE_ON_FILM.none
    assert colorize(photo, networks, ColorizeOptions(film="panchromatic")).vividness == 0.5
    assert colorize(photo, networks, ColorizeOptions(film="blue")).vividness > 0.5


@pytest.mark.parametrize("chroma", [2, 60])
def test_hints_do_not_change_the_vividness(chroma, predictor, save, grey_photo):
    photo = save(grey_photo, "JPEG")
    without = colorize(photo, asking(predictor, chroma), ColorizeOptions())
    hinted = asking(predictor, chroma)
    assert colorize(photo, hinted, ColorizeOptions(hints=[HINT])).vividness == without.vividness
    assert not hinted.asked[0].hints
    assert hinted.asked[-1].hints
    assert len(hinted.asked) == 2


def test_the_number_gives_the_result_that_auto_gave(predictor, save, grey_photo):
    photo = save(grey_photo, "JPEG")
    left = colorize(photo, asking(predictor, 9), ColorizeOptions())
    told = colorize(photo, asking(predictor, 9), ColorizeOptions(vividness=left.vividness))
    assert 0.5 < left.vividness < 1
    assert told.data == left.data


def test_a_mount_does_not_make_a_photograph_pale(predictor, save, grey_photo):
    """The chroma is that of the photograph, not of the paper around it."""
    mounted = np.full((900, 900), 245, np.uint8)
    mounted[194:706, 194:706] = grey_photo
    alone, framed = asking(predictor, 20), asking(predictor, 20)
    colorize(save(grey_photo, "PNG"), alone, ColorizeOptions())
    colorize(save(mounted, "PNG"), framed, ColorizeOptions())
    assert len(alone.asked) == len(framed.asked) == 1


def test_no_strength_changes_the_vividness(predictor, save, grey_photo):
    photo = save(grey_photo, "PNG")
    for strength in (0, 0.2, 1):
        result = colorize(photo, asking(predictor, 60), ColorizeOptions(strength=strength))
        assert result.vividness == 0.5


def test_all_pages_of_a_tiff_have_the_vividness_of_the_first(predictor, grey_photo):
    file = io.BytesIO()
    pages = [Image.fromarray(grey_photo), Image.fromarray(255 - grey_photo)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    network = asking(predictor, 2)
    colorize(file.getvalue(), network, ColorizeOptions(pages="all"))
    assert [options.vividness for options in network.asked] == [0.5, 1, 1]


def test_suggestions_show_the_colours_of_the_result(predictor, save, grey_photo):
    network = asking(predictor, 2)
    likely_colors(save(grey_photo, "PNG"), network, ColorizeOptions(), PhotoLimits())
    assert [options.vividness for options in network.asked[:2]] == [0.5, 1]
