"""How vivid a photograph becomes that was left to `auto`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.photo.vividness import PALE, PALE_ON_FILM, STARTING_VIVIDNESS, Pale

CHROMAS = st.floats(0, 100)


@pytest.mark.parametrize("pale", [PALE, PALE_ON_FILM], ids=["usual", "film"])
@given(CHROMAS, CHROMAS)
def test_the_paler_the_more_vivid_within_bounds(pale: Pale, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 1 >= pale.vividness(low) >= pale.vividness(high) >= STARTING_VIVIDNESS


@pytest.mark.parametrize("pale", [PALE, PALE_ON_FILM], ids=["usual", "film"])
def test_what_has_colour_is_left_as_it_is(pale: Pale) -> None:
    assert pale.vividness(pale.none) == STARTING_VIVIDNESS
    assert pale.vividness(pale.all) == pale.vividness(0) == 1


@given(CHROMAS)
def test_a_record_can_tell_it_in_two_digits(chroma: float) -> None:
    vividness = PALE.vividness(chroma)
    assert vividness == float(f"{vividness:.2f}")
