"""How colourful a result is to be: a number, or what suits the photograph and the model that colours it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from .auto import Auto

STARTING_VIVIDNESS = 0.5
"""Where `auto` begins, and what it is for photographs whose colours are not pale there."""

Vividness = Annotated[
    Annotated[float, Field(ge=0, le=1), Tag("number")] | Auto,
    Discriminator(lambda given: "auto" if given == "auto" else "number"),
]


@dataclass(frozen=True)
class Pale:
    """Between which mean chromas, of a prediction at `STARTING_VIVIDNESS`, a photograph is paler than it was.

    A network that is not sure answers with the mean of what is likely, which is grey. What comes out pale was hardly
    less colourful than the rest: a mean chroma of 11 where the answer has 3. So it is predicted anew, the more vividly
    the paler it is (docs/lab/settings.md has the figures).
    """

    all: float
    """Predicted at 1, from here on down."""
    none: float
    """Left as it is, from here on up."""

    def vividness(self, chroma: float) -> float:
        """Return the vividness, in hundredths, for a photograph whose mean chroma at `STARTING_VIVIDNESS` is this."""
        share = min(max((self.none - chroma) / (self.none - self.all), 0.0), 1.0)
        return round(STARTING_VIVIDNESS + share * (1 - STARTING_VIVIDNESS), 2)


PALE, PALE_ON_FILM = Pale(3, 6), Pale(6, 12)
"""For the usual model, and for that for old film, which is the more careful of the two."""
