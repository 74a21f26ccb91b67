"""Which of two networks colours a photograph; one choice for all of it."""

import numpy as np
import pytest

from photochrom.photo.film import Film
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.vividness import PALE, PALE_ON_FILM
from support.networks.recognizing import Says
from support.networks.tiny_model import CARD
from workers.network.networks import Networks, remembered


def flat(size: tuple[int, int]) -> np.ndarray:
    return np.full(size, 50, np.float32)


class Named:
    provider = "none"

    def __init__(self, name: str, *capabilities: str) -> None:
        self.card = CARD.model_copy(update={"name": name, "capabilities": capabilities})

    def predict(self, lightness, options):
        raise NotImplementedError


USUAL, FILM = Named("usual", "hints"), Named("film")


@pytest.mark.parametrize(
    ("film", "old", "chosen"),
    [
        (Film.BLUE, False, FILM),
        (Film.ORTHOCHROMATIC, False, FILM),
        (Film.PANCHROMATIC, True, USUAL),
        (Film.AUTO, True, FILM),
        (Film.AUTO, False, USUAL),
    ],
)
def test_what_the_caller_says_goes_before_what_the_photograph_looks_like(film, old, chosen):
    says = Says(old=old)
    found = Networks(USUAL, FILM, says).choose(ColorizeOptions(film=film), flat, (300, 200))
    assert found is chosen
    assert len(says.shown) == (film is Film.AUTO)


def test_without_film_weights_or_without_a_recognizer_auto_is_the_usual_one():
    for networks in (Networks(USUAL), Networks(USUAL, None, Says(old=True)), Networks(USUAL, FILM)):
        assert networks.choose(ColorizeOptions(), flat, (300, 200)) is USUAL
    assert Networks(USUAL).choose(ColorizeOptions(film="blue"), flat, (300, 200)) is USUAL


def test_weights_that_take_no_hints_are_not_chosen_for_them():
    hinted = ColorizeOptions(film="blue", hints=({"x": 0.5, "y": 0.5, "a": 20, "b": 20},))
    assert Networks(USUAL, FILM).choose(hinted, flat, (300, 200)) is USUAL


def test_hints_do_not_change_what_is_asked_of_the_recognizer():
    """A hint outside of what looks like a mount shows the network all; the choice stays that of the photograph."""
    says, able = Says(old=True), Named("film", "hints")
    framed = np.full((256, 256), 96, np.float32)
    framed[40:216, 40:216] = np.random.default_rng(0).uniform(10, 70, (176, 176))
    for hints in ((), ({"x": 0.01, "y": 0.01, "a": 20, "b": 20},)):
        options = ColorizeOptions(hints=hints)
        Networks(USUAL, able, says).choose(options, lambda size: framed, (256, 256))
    np.testing.assert_array_equal(*says.shown)


def test_the_network_of_a_result_is_pale_where_it_was_when_the_result_was_made():
    networks = Networks(USUAL, FILM)
    for which, chosen, pale in (("usual", USUAL, PALE), ("film", FILM, PALE_ON_FILM)):
        only = networks.only(which)
        assert only.choose(ColorizeOptions(), flat, (300, 200)) is chosen
        assert only.pale(chosen) is networks.pale(chosen) is pale


def test_a_lightness_is_worked_out_once_for_each_size():
    asked = []
    at = remembered(lambda size: asked.append(size) or flat(size))
    for size in ((64, 64), (64, 64), (32, 64)):
        assert at(size).shape == size
    assert asked == [(64, 64), (32, 64)]
