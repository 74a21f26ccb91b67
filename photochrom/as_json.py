"""Models and values whose numbers may come as text; which text, `numerals` says."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticKnownError

from .numerals import is_json_number


def _validated(given: object, validate: ValidatorFunctionWrapHandler) -> object:
    found = validate(given)
    if is_json_number(given, found):
        return found
    raise PydanticKnownError(_kind(given, found))


_TEXTS = (str, bool, list, tuple)
AS_JSON = WrapValidator(_validated)
"""For a number by itself, such as one of a query; the sentence of refusal is pydantic's own."""


class AsJson(BaseModel):
    """A model that takes numbers as text, too."""

    @model_validator(mode="wrap")
    @classmethod
    def _as_json(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        found = validate(given)
        if isinstance(given, Mapping) and (wrong := _misspelled(given, found)):
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return found


def _misspelled(given: Mapping[str, object], found: BaseModel) -> list[InitErrorDetails]:
    read = vars(found)
    return [
        InitErrorDetails(type=_kind(said, read[name]), loc=(name,), input=said)
        for name, said in given.items()
        if isinstance(said, _TEXTS) and name in read and not is_json_number(said, read[name])
    ]


def _kind(given: object, found: object) -> Literal["int_type", "int_parsing", "float_type", "float_parsing"]:
    if isinstance(given, bool):
        return "int_type" if isinstance(found, int) else "float_type"
    return "int_parsing" if isinstance(found, int) else "float_parsing"
