"""How colourful a result is to be: a number, or what suits the model that colours it."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

USUAL_VIVIDNESS = 0.5
FILM_VIVIDNESS = 0.65
"""The model for old film is the more careful of the two, and such film tells it of fewer colours."""

Vividness = Annotated[
    Annotated[float, Field(ge=0, le=1), Tag("number")] | Annotated[Literal["auto"], Tag("auto")],
    Discriminator(lambda given: "auto" if given == "auto" else "number"),
]
