import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import color
from photochrom.errors import ObjectNotFound
from photochrom.photo.suggestions import LikelyColors

ANSWERS = ((0, 0), (2, 1), (40, 30), (-30, 30))


def maps(present: tuple[float, float] = (35, 25)) -> LikelyColors:
    """A photograph of one lightness, about which four answers were given everywhere."""
    plane = np.ones((12, 16), np.float32)
    modes = np.array([[a * plane, b * plane] for a, b in ANSWERS], np.float32)
    return LikelyColors(50 * plane, np.array([each * plane for each in present], np.float32), modes)


@given(st.floats(0, 1), st.floats(0, 1))
def test_suggestions_are_the_answers_nearest_to_the_present_colour_first(x: float, y: float) -> None:
    present, likely = maps().at(x, y)
    assert (present.a, present.b, present.distance) == (35, 25, 0)
    # The two that nobody could tell apart are one.
    assert [(round(spot.a), round(spot.b)) for spot in likely] == [(40, 30), (1, 0), (-30, 30)]
    assert [spot.distance for spot in likely] == sorted(spot.distance for spot in likely)


def test_a_suggestion_is_shown_at_the_lightness_of_its_spot() -> None:
    _, likely = maps().at(0.5, 0.5)
    for spot in likely:
        rgb = [int(spot.color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        assert color.lab(rgb) == pytest.approx([50, spot.a, spot.b], abs=1)


def test_maps_survive_the_way_to_the_disk() -> None:
    again = LikelyColors.from_bytes(maps().to_bytes())
    assert again.at(0.2, 0.9) == maps().at(0.2, 0.9)
    assert len(maps().to_bytes()) < 2000


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04", maps().to_bytes()[:300]])
def test_damaged_maps_are_an_error_with_a_sentence(damaged: bytes) -> None:
    with pytest.raises(ObjectNotFound, match="cannot be read"):
        LikelyColors.from_bytes(damaged)
