"""The card of the networks that find photographs on album pages, stored in their file's ONNX metadata."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .stored import StoredCard

Share = Annotated[float, Field(ge=0, le=1)]
_Side = Annotated[int, Field(ge=32, multiple_of=16)]


class AlbumCard(StoredCard):
    """What the worker may rely on.

    Graph inputs: `page` uint8 (P,S,S,3), RGB, pages whose longest side is `page_side`, in the upper left of a grey
    square; `prints` uint8 (N,s,s,3), the surroundings of single prints, laid straight and stretched to a square.
    Outputs: `votes` float32 (P,6,S/4,S/4), of each cell the logit of lying on a print, the pixels from there to its
    left, upper, right and lower side, and its angle in radians; `is_page` float32 (P), a logit; `sides` float32
    (N,4,s/2,s/2), how likely the left (upper, right, lower) side crosses each row (column, row, column) at each place;
    `is_one` float32 (N), the logit of there being just one print.
    """

    stored_as: ClassVar[str] = "photochrom.album"
    missing: ClassVar[str] = "The ONNX file is not one of model.album: it has no card."
    called: ClassVar[str] = "The card of the networks for album pages"

    contract: Literal[1] = 1
    version: str
    page_side: _Side
    print_side: _Side
    share: Annotated[
        float, Field(gt=0.3, lt=1, description="Of a print's surroundings, that the print fills.")
    ]
    page_odds: Annotated[float, Field(description="Logit above which a scan is a page.")]
    print_odds: Annotated[float, Field(description="Logit above which there is one print.")]
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
