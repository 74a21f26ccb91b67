"""Boxes of an upright photograph that a caller names: places that repair leaves alone."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from ..as_json import AsJson
from .json_list import json_list

MAX_BOXES = 64


class Box(AsJson):
    """A place, as shares of the sides, so that it means the same on a preview and at full size."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"x": 0.4, "y": 0.3, "width": 0.1, "height": 0.2}]},
    )

    x: Annotated[float, Field(ge=0, le=1, description="Its left edge; 0 is the photograph's left edge.")]
    y: Annotated[float, Field(ge=0, le=1, description="Its upper edge; 0 is the photograph's upper edge.")]
    width: Annotated[float, Field(gt=0, le=1, description="A share of the photograph's width.")]
    height: Annotated[float, Field(gt=0, le=1, description="A share of the photograph's height.")]

    @model_validator(mode="after")
    def _lies_inside(self) -> Self:
        if self.x + self.width > 1 + 1e-6 or self.y + self.height > 1 + 1e-6:
            raise ValueError("the box reaches beyond the photograph; x + width and y + height are at most 1")
        return self


_LIST = json_list('[{"x":0.4,"y":0.3,"width":0.1,"height":0.2}]')
Boxes = Annotated[tuple[Box, ...], _LIST, Field(max_length=MAX_BOXES)]
