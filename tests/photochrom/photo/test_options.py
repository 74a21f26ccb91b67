import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from photochrom.photo.options import ColorizeOptions, OutputFormat

options = st.builds(
    ColorizeOptions,
    format=st.sampled_from(OutputFormat),
    quality=st.integers(1, 100),
    vividness=st.floats(0, 1),
    temperature=st.floats(0.05, 1),
    strength=st.floats(0, 1),
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
    ],
)
def test_values_out_of_range_and_unknown_names_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ColorizeOptions.model_validate(wrong)
