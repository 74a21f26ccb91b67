"""Colour hints: spots of an upright photograph whose colour the user knows."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from ..as_json import AsJson
from ..hex_color import ab_of_hex
from .json_list import json_list

MAX_HINTS = 64
DEFAULT_RADIUS = 0.008
"""Gives patches of about 7 pixels at the network's size; it was trained with 3 to 9."""


def _rounded(digits: int) -> AfterValidator:
    # Round before storing, because the stored value is hashed: 17 digits of a click would be noise in every record.
    return AfterValidator(lambda value: round(value, digits) + 0.0)


class Hint(AsJson):
    """One spot and its colour.

    Positions are shares of the sides, so they mean the same on a preview and at full size. The colour is a* and b*
    of CIELAB; the lightness stays the photograph's. `color`, an sRGB colour as `#rrggbb`, may be given instead.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"x": 0.4, "y": 0.3, "a": 45, "b": 31}]}
    )

    x: Annotated[
        float,
        Field(ge=0, le=1, description="0 is the left edge of the upright photograph, 1 the right."),
        _rounded(5),
    ]
    y: Annotated[float, Field(ge=0, le=1, description="0 is the upper edge, 1 the lower."), _rounded(5)]
    a: Annotated[float, Field(ge=-128, le=128, description="CIELAB a*: green to red."), _rounded(2)]
    b: Annotated[float, Field(ge=-128, le=128, description="CIELAB b*: blue to yellow."), _rounded(2)]
    radius: Annotated[
        float,
        Field(ge=0.002, le=0.05, description="Half the side of the patch, as a share of the longer side."),
        _rounded(4),
    ] = DEFAULT_RADIUS

    @model_validator(mode="before")
    @classmethod
    def _of_color(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "color" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "color"}
        if "a" in rest or "b" in rest:
            raise ValueError("give either color, or a and b")
        a, b = ab_of_hex(given["color"])
        return {**rest, "a": a, "b": b}


_LIST = json_list('[{"x":0.4,"y":0.3,"color":"#a04030"}]')
Hints = Annotated[tuple[Hint, ...], _LIST, Field(max_length=MAX_HINTS)]
