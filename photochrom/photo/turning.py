"""How a scan is turned, mirrored and inverted before anything else is done, and what a result says of that."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from ..records import STORED
from .auto import Auto

Quarters = Literal[0, 90, 180, 270]
TURNS: tuple[Quarters, ...] = (0, 90, 180, 270)


def _number(given: object) -> object:
    """Forms and queries carry numbers as text."""
    return int(given) if isinstance(given, str) and given in map(str, TURNS) else given


# Generators of clients know no list of values that holds words and numbers.
Turn = Annotated[
    Annotated[Quarters, BeforeValidator(_number), Tag("degrees")] | Auto,
    Discriminator(lambda given: "auto" if given == "auto" else "degrees"),
]
"""Degrees clockwise, or as a network finds it."""


Negative = Annotated[
    Annotated[bool, Tag("said")] | Auto,
    Discriminator(lambda given: "auto" if given == "auto" else "said"),
]
"""Whether a scan is a negative: as the caller says, or as its looks tell."""


class Inversion(BaseModel):
    """A negative became a positive."""

    model_config = STORED

    chosen_by: Annotated[
        Literal["caller", "mask"],
        Field(description="The caller, or the orange mask of a colour negative."),
    ]


class Straightening(BaseModel):
    """A scan was looked at for a print that lies askew."""

    model_config = STORED

    angle: Annotated[
        float | None,
        Field(description="Degrees by which it lay turned clockwise; null if its edges did not show it."),
    ] = None
    turned: Annotated[
        bool,
        Field(description="Whether it was turned, and its light interpolated; a nearly straight scan stays."),
    ] = False


class Turning(BaseModel):
    """How the upright scan was turned to become the result."""

    model_config = STORED

    turn: Annotated[Quarters, Field(description="Degrees clockwise.")] = 0
    mirror: Annotated[bool, Field(description="Whether left and right changed places, after the turn.")] = (
        False
    )
    chosen_by: Annotated[Literal["caller", "network"], Field(description="Who chose the turn.")] = "caller"
    sureness: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="How likely the network's choice is right; below its bound the scan stays as it is.",
        ),
    ] = None

    @property
    def moves(self) -> bool:
        """Whether anything moves."""
        return self.turn != 0 or self.mirror
