"""Whoever sends a number as text is heard where JSON calls it one, and told so where it does not."""

import json
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from typer.testing import CliRunner

from cli.commands import app
from photochrom.numerals import number, whole_number
from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions
from photochrom.settings import UNUSABLE
from service.settings import ServiceSettings

ODD = [
    "1_0",
    " 5",
    "5 ",
    "5\n",
    "\xa05",
    "+5",
    "05",
    "5.",
    "0x10",
    "5e",
    "\u0665",
    "\uff15",
    "²",
    "1__0",
    "Infinity",
    "nan",
]
numerals = (
    st.from_regex(r"[-+]?[ 0-9_.eE\u0665\uff15]{1,6}[ \n]?", fullmatch=True)
    | st.text(max_size=6)
    | st.sampled_from(ODD)
)


def json_says(text: str) -> float | None:
    """The number that JSON reads there, a zero before the point put in; RFC 8259's white space is none of it."""
    try:
        found = json.loads(re.sub(r"^(-?)\.", r"\g<1>0.", text), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and not re.search(r"\s", text) else None


@given(numerals)
@example("1_0")
@example("1e1")
@example("-0")
@example(".5")
@example("-.5e1")
def test_a_number_is_what_json_calls_one(text: str) -> None:
    said = json_says(text)
    if said is None:
        with pytest.raises(ValueError, match="not a number"):
            number(text)
    else:
        assert number(text) == said


@given(numerals)
def test_an_option_of_a_form_takes_what_json_takes(text: str) -> None:
    said = json_says(text)
    if said is not None and 0 <= said <= 1:
        assert ColorizeOptions.model_validate({"strength": text}).strength == said
    else:
        with pytest.raises(ValidationError) as refused:
            ColorizeOptions.model_validate({"strength": text})
        assert [error["loc"] for error in refused.value.errors()] == [("strength",)]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize(
    "option", ["quality", "vividness", "consistency", "sepia", "turn", "repair_strength"]
)
def test_no_option_takes_python_s_spelling(option: str, text: str) -> None:
    with pytest.raises(ValidationError):
        ColorizeOptions.model_validate({option: text})


def test_the_sentence_is_the_one_for_what_is_no_number() -> None:
    sentences = set()
    for text in ("five", "1_0"):
        with pytest.raises(ValidationError) as refused:
            ColorizeOptions.model_validate({"quality": text})
        sentences.add(refused.value.errors()[0]["msg"])
    assert len(sentences) == 1


@pytest.mark.parametrize("wrong", ["+0.4", True])
def test_nor_does_a_list_in_a_form(wrong: object) -> None:
    spot = {"x": wrong, "y": 0.3, "color": "#a04030"}
    with pytest.raises(ValidationError, match=r"hints\.0\.x"):
        ColorizeOptions.model_validate({"hints": json.dumps([spot])})
    with pytest.raises(ValidationError):
        Hint.model_validate(spot)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(ODD))
def test_a_setting_is_a_number_of_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name, said in (("PORT", text), ("CLIENT_TIMEOUT", text), ("FETCH_PORTS", json.dumps([text]))):
        with monkeypatch.context() as patch:
            patch.setenv(f"PHOTOCHROM_{name}", said)
            with pytest.raises(UNUSABLE):
                ServiceSettings()


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize(
    "option",
    [
        ["colorize", __file__, "x.jpg", "--quality"],
        ["batch", ".", "--to", "x", "--patience"],
        ["keys", "create", "x", "--days"],
    ],
)
def test_the_command_line_takes_no_other(option: list[str], text: str) -> None:
    ended = CliRunner().invoke(app, [*option[:-1], f"{option[-1]}={text}"])
    assert (ended.exit_code, option[-1] in ended.output) == (2, True)


@given(numerals)
def test_a_whole_number_has_digits_alone(text: str) -> None:
    if re.fullmatch("0|[1-9][0-9]*", text):
        assert whole_number(text) == int(text)
    else:
        with pytest.raises(ValueError, match="not a whole number"):
            whole_number(text)
