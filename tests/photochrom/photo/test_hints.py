import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from photochrom import color
from photochrom.hex_color import ab_of_hex
from photochrom.photo.hints import MAX_HINTS
from photochrom.photo.options import ColorizeOptions

SPOT = {"x": 0.25, "y": 0.5, "a": 40, "b": -20}
spots = st.fixed_dictionaries(
    {name: st.floats(0, 1) for name in "xy"} | {name: st.floats(-128, 128) for name in "ab"}
)


@given(st.lists(spots, max_size=MAX_HINTS))
def test_hints_survive_the_way_through_json_and_forms(given_spots: list[dict[str, float]]) -> None:
    chosen = ColorizeOptions.model_validate({"hints": given_spots})
    assert ColorizeOptions.model_validate_json(chosen.model_dump_json()) == chosen
    assert ColorizeOptions.model_validate({"hints": json.dumps(given_spots)}) == chosen
    assert ColorizeOptions.model_validate(chosen.model_dump()) == chosen


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_hex_colour_is_its_a_and_b(rgb: tuple[int, int, int]) -> None:
    _, a, b = color.lab([level / 255 for level in rgb])
    assert ab_of_hex("#" + bytes(rgb).hex()) == pytest.approx((a, b), abs=1e-8)


@given(st.integers(0, 255))
def test_a_grey_has_no_colour(level: int) -> None:
    assert str(ab_of_hex("#" + bytes([level] * 3).hex())) == "(0.0, 0.0)"


@pytest.mark.parametrize(
    "wrong",
    [
        "[",
        "7",
        "[" * 10_000,
        [{**SPOT, "x": 1.1}],
        [{**SPOT, "y": float("nan")}],
        [{**SPOT, "a": 1e9}],
        [{**SPOT, "color": "#ffffff"}],
        [{"x": 0, "y": 0, "color": "red"}],
        [{"x": 0, "y": 0, "color": 7}],
        [{"x": 0, "y": 0}],
        [{**SPOT, "radius": 0.5}],
        [{**SPOT, "size": 1}],
        [SPOT] * (MAX_HINTS + 1),
    ],
)
def test_what_is_no_list_of_hints_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        ColorizeOptions.model_validate({"hints": wrong})


def test_without_hints_the_identity_is_the_one_from_before_there_were_any() -> None:
    assert "hints" not in ColorizeOptions().identity()
    assert ColorizeOptions.model_validate({"hints": [SPOT]}).identity() != ColorizeOptions().identity()
