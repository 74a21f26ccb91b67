"""What a job's record says about its series: the photographs of its batch that show the same thing."""

from typing import Annotated

from pydantic import BaseModel, Field

from ..records import STORED

SIGHT_EXTENSION = ".sight.bin"
"""Of the file that holds what a photograph shows (`sight.Sight`)."""


class Series(BaseModel):
    """Photographs of a batch that share one set of colours; written once, so that later attempts colour alike."""

    model_config = STORED

    group: Annotated[
        str, Field(description="Names the series: a hash of its originals; empty of one that is alone.")
    ] = ""
    members: Annotated[int, Field(ge=1, description="Photographs of the series, this one among them.")] = 1
    relatives: Annotated[
        tuple[str, ...], Field(description="Ids of the most similar jobs, the most similar first.")
    ] = ()
    shift: Annotated[
        str,
        Field(
            description="How its colours are moved towards the series', as base64; empty where they are not."
        ),
    ] = ""
