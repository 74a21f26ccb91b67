"""What the steps of a restoration besides colour did to a photograph, in figures."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ..records import STORED
from .turning import Inversion, Straightening, Turning


class FinderCard(BaseModel):
    """Which network finds damage."""

    # Heartbeats of a newer version may say more.
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str
    weights_sha256: str


class DefectKind(StrEnum):
    """Kinds of damage, told apart by their form."""

    SPECK = "speck"
    SCRATCH = "scratch"
    FIBRE = "fibre"
    SPOT = "spot"


class Luma(StrEnum):
    """What became of the photograph's own light."""

    KEPT = "kept"
    REPAIRED = "repaired"
    ANEW = "anew"


class _Step(BaseModel):
    model_config = STORED


class Repairs(_Step):
    """What was found damaged, and how much of the photograph was changed for it."""

    counts: Annotated[dict[DefectKind, int], Field(description="Repaired defects by their form.")] = {}
    left: Annotated[
        int, Field(ge=0, description="Defects that were found and left: too wide or too large to be known.")
    ] = 0
    changed: Annotated[float, Field(ge=0, le=1, description="Share of the pixels that were changed.")] = 0.0


class LevelCurve(_Step):
    """One increasing curve of lightness, straight between its points: enough to undo it."""

    points: Annotated[
        tuple[tuple[float, float], ...],
        Field(min_length=2, max_length=16, description="L* before and after, from (0, 0) to (100, 100)."),
    ]


class Restoration(_Step):
    """The steps before colour, where any was asked for."""

    straightening: Annotated[
        Straightening | None, Field(description="Null where straightening was not asked for.")
    ] = None
    turning: Annotated[
        Turning | None, Field(description="How the upright scan was turned; null where it was not.")
    ] = None
    inversion: Annotated[
        Inversion | None, Field(description="Where the scan was a negative and was inverted; else null.")
    ] = None
    repairs: Annotated[Repairs | None, Field(description="Null where no repair was asked for.")] = None
    levels: Annotated[
        LevelCurve | None, Field(description="Null where levels were not asked for, or not needed.")
    ] = None
    luma: Annotated[
        Luma,
        Field(
            description="`kept`: the light is the original's; `repaired`: it is, except in repaired places; "
            "`anew`: all of it was encoded again."
        ),
    ] = Luma.KEPT
