"""What the record of a photograph holds of the series that it belongs to: others of its batch that show the same."""

from typing import Annotated

from pydantic import BaseModel, Field

from ..records import STORED

SIGHT_EXTENSION = ".sight.bin"
"""Of the file that holds what a photograph shows (`sight.Sight`)."""


class Series(BaseModel):
    """The photographs of a batch that were coloured as one; written once: no later attempt colours otherwise."""

    model_config = STORED

    group: Annotated[
        str, Field(description="Names the series: a hash of its originals; empty of one that is alone.")
    ] = ""
    members: Annotated[int, Field(ge=1, description="Photographs of the series, this one among them.")] = 1
    relatives: Annotated[
        tuple[str, ...], Field(description="Ids of the jobs that are likest, the likest first.")
    ] = ()
    shift: Annotated[
        str,
        Field(
            description="How its colours are moved towards the series', as base64; empty where they are not."
        ),
    ] = ""
