import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from photochrom.photo.film import SENSITIVITIES, Film, Light
from photochrom.photo.options import ColorizeOptions, OutputFormat

options = st.builds(
    ColorizeOptions,
    format=st.sampled_from(OutputFormat),
    quality=st.integers(1, 100),
    vividness=st.floats(0, 1),
    temperature=st.floats(0.05, 1),
    strength=st.floats(0, 1),
    light=st.sampled_from(Light),
    film=st.sampled_from(Film),
)


@given(options)
def test_options_survive_the_way_through_json(chosen: ColorizeOptions) -> None:
    assert ColorizeOptions.model_validate_json(chosen.model_dump_json()) == chosen


@pytest.mark.parametrize(
    "wrong",
    [
        {"vividness": 1.1},
        {"vividness": float("nan")},
        {"temperature": 0},
        {"strength": -0.1},
        {"quality": 0},
        {"format": "gif"},
        {"vividnes": 1},
        {"light": "moonlight"},
        {"film": "kodachrome"},
        {"light": "panchromatic", "sepia": 0.1},
    ],
)
def test_values_out_of_range_and_unknown_names_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ColorizeOptions.model_validate(wrong)


def test_the_name_of_a_result_is_what_it_was_before_there_was_a_light() -> None:
    plain = ColorizeOptions()
    assert "light" not in plain.identity()
    assert ColorizeOptions(film=Film.BLUE).identity() == plain.identity()
    relit = {ColorizeOptions(light=Light.PANCHROMATIC, film=film).identity() for film in Film}
    assert len(relit | {plain.identity()}) == 1 + len(Film)


def test_a_film_exposes_a_grey_as_it_is_and_is_one_of_those_that_the_training_draws() -> None:
    for known in SENSITIVITIES.values():
        assert sum(known.weights) == pytest.approx(1)
        pairs = list(zip(known.weights, known.ranges, strict=True))
        assert max(low / weight for weight, (low, _) in pairs) <= min(
            high / weight for weight, (_, high) in pairs
        )
