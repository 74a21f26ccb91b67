"""How a scan is turned and mirrored before anything else is done with it, and what a result says of that."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Quarters = Literal[0, 90, 180, 270]
TURNS = (0, 90, 180, 270)


def _number(given: object) -> object:
    """Forms and queries carry numbers as text."""
    return int(given) if isinstance(given, str) and given in map(str, TURNS) else given


Turn = Annotated[Quarters, BeforeValidator(_number)]
"""Degrees clockwise."""


class Turning(BaseModel):
    """How the upright scan was turned to become the result."""

    # Records of a newer version may say more.
    model_config = ConfigDict(frozen=True, extra="ignore")

    turn: Annotated[Quarters, Field(description="Degrees clockwise.")] = 0
    mirror: Annotated[bool, Field(description="Whether left and right changed places, after the turn.")] = (
        False
    )
