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
    """Range of mean chroma, of a prediction at `STARTING_VIVIDNESS`, in which a prediction counts as too pale.

    A network that is not sure answers with the mean of all likely colours, which is grey. A photograph with a pale
    answer was hardly less colourful than others: a mean chroma of 11 where the answer has 3. So it is predicted
    again, more vividly the paler the answer is (docs/lab/settings.md has the figures).
    """

    all: float
    """At this chroma and below, vividness is 1."""
    none: float
    """At this chroma and above, the answer stays as it is."""

    def vividness(self, chroma: float) -> float:
        """Return the vividness, in hundredths, for a photograph whose mean chroma at `STARTING_VIVIDNESS` is this."""
        share = min(max((self.none - chroma) / (self.none - self.all), 0.0), 1.0)
        return round(STARTING_VIVIDNESS + share * (1 - STARTING_VIVIDNESS), 2)


PALE, PALE_ON_FILM = Pale(3, 6), Pale(6, 12)
"""For the usual model, and for the model for old film, whose answers are paler."""
