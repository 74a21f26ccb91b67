"""What old film saw: how much red, green and blue light each kind counts, and what is told of it."""

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, Field

from ..records import STORED

Weights = tuple[float, float, float]
"""Shares of linear red, green and blue in a film's exposure; they sum to 1, so that a grey is exposed as it is."""


ChosenBy = Literal["caller", "date", "default"]


class Light(StrEnum):
    """Which light a result has."""

    AS_SCANNED = "as-scanned"
    PANCHROMATIC = "panchromatic"


class Film(StrEnum):
    """Kinds of black-and-white film and plates, by the light that they see."""

    AUTO = "auto"
    BLUE = "blue"
    ORTHOCHROMATIC = "orthochromatic"
    PANCHROMATIC = "panchromatic"


class Sensitivity(NamedTuple):
    """One kind of film: its usual weights, and the range of each of the three before they are brought to sum 1."""

    weights: Weights
    ranges: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


SENSITIVITIES: dict[Film, Sensitivity] = {
    Film.BLUE: Sensitivity((0.02, 0.11, 0.87), ((0, 0.04), (0.02, 0.3), (1, 1))),
    Film.ORTHOCHROMATIC: Sensitivity((0.04, 0.55, 0.41), ((0, 0.12), (0.4, 0.8), (0.3, 0.7))),
}
"""Silver halide by itself sees blue and ultraviolet only; dyes made it see green from 1873 (orthochromatic) and red
from 1906 on (Mees 1942, "The Theory of the Photographic Process"). Luo et al. 2021 ("Time-Travel Rephotography") model
the same three kinds. Panchromatic film is taken to see what the eye sees."""


class FilmUsed(BaseModel):
    """The film whose light a result was freed of; its weights make the scan of the result again."""

    model_config = STORED

    film: Film
    weights: Annotated[
        Weights, Field(description="Shares of linear red, green and blue in the exposure of the scan.")
    ]
    chosen_by: Annotated[
        ChosenBy,
        Field(description="Who chose it: the caller, the photograph's own date, or nothing but the default."),
    ]

    @property
    def relights(self) -> Weights | None:
        """The weights, unless the film saw what the eye sees: then there is nothing to do."""
        return None if self.film is Film.PANCHROMATIC else self.weights
