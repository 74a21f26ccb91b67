import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from photochrom.photo.film import SENSITIVITIES, Film, Light
from photochrom.photo.options import Color, ColorizeOptions, Levels, OutputFormat, Repair

options = st.builds(
    ColorizeOptions,
    format=st.sampled_from(OutputFormat),
    quality=st.integers(1, 100),
    vividness=st.floats(0, 1),
    temperature=st.floats(0.05, 1),
    strength=st.floats(0, 1),
    light=st.sampled_from(Light),
    film=st.sampled_from(Film),
    repair=st.sampled_from(Repair),
    repair_strength=st.floats(0, 1),
    levels=st.sampled_from(Levels),
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
        {"repair": "on"},
        {"repair_strength": 1.1},
        {"levels": 3},
        {"keep": [{"x": 0.5, "y": 0.5, "width": 0.6, "height": 0.1}]},
        {"keep": [{"x": -0.1, "y": 0.5, "width": 0.6, "height": 0.1}]},
        {"keep": "0.1,0.2,0.3,0.4"},
        {"color": "off", "light": "panchromatic"},
        {"uncolor": True, "repair": "auto"},
        {"color": "off", "hints": [{"x": 0.5, "y": 0.5, "color": "#a04030"}]},
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
    assert "film" not in plain.identity()
    # The film chooses the model, too, where there is colour to make.
    assert ColorizeOptions(film=Film.BLUE).identity() != plain.identity()
    for colourless in ({"uncolor": True}, {"color": "off", "levels": "auto"}):
        assert "film" not in ColorizeOptions.model_validate({**colourless, "film": "blue"}).identity()
    relit = {ColorizeOptions(light=Light.PANCHROMATIC, film=film).identity() for film in Film}
    assert len(relit | {plain.identity()}) == 1 + len(Film)


def test_a_film_exposes_a_grey_as_it_is_and_is_one_of_those_that_the_training_draws() -> None:
    for known in SENSITIVITIES.values():
        assert sum(known.weights) == pytest.approx(1)
        pairs = list(zip(known.weights, known.ranges, strict=True))
        assert max(low / weight for weight, (low, _) in pairs) <= min(
            high / weight for weight, (_, high) in pairs
        )


def used(chosen: ColorizeOptions) -> dict[str, object]:
    """The options that count: a strength of what is off does not."""
    names = {"repair", "levels", "color"} | ({"repair_strength"} if chosen.repair is Repair.AUTO else set())
    return chosen.model_dump(include=names)


@given(options, st.sampled_from(Color))
def test_what_is_newer_counts_only_where_it_is_used(given: ColorizeOptions, color: Color) -> None:
    """The names of results and of earlier uploads stay what they were."""
    chosen = given.model_copy(update={"color": color})
    older = chosen.model_copy(
        update={"repair": Repair.OFF, "repair_strength": 0.5, "levels": Levels.OFF, "color": Color.ON}
    )
    assert "repair" not in older.identity()
    assert (chosen.identity() == older.identity()) == (used(chosen) == used(older))
