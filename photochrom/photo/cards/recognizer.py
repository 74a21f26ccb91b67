"""The card of a recognizer of old film: what it is for and how often it errs, stored in its ONNX metadata."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .stored import StoredCard

Share = Annotated[float, Field(ge=0, le=1)]


class RecognizerCard(StoredCard):
    """What the worker may rely on.

    Graph input: `lightness` float32 (N,1,side,side), L* 0..100, the photograph as `photochrom.seeing.glance` shows it.
    Output: `oldness` float32 (N), a logit: the larger, the more the photograph looks as if old film took it.
    """

    stored_as: ClassVar[str] = "photochrom.recognizer"
    missing: ClassVar[str] = "The ONNX file is not one of model.recognizer: it has no card."
    called: ClassVar[str] = "The recognizer's card"

    contract: Literal[1] = 1
    version: str
    side: Annotated[int, Field(ge=32, description="Height and width of what it sees, in pixels.")]
    threshold: Annotated[
        float, Field(description="Of the logit: above it, a photograph counts as old film's.")
    ]
    modern_taken: Annotated[
        Share, Field(description="Of modern photographs, those that are taken for old film's.")
    ]
    film_found: Annotated[
        Share, Field(description="Of modern photographs shown as old film sees, those found.")
    ]
    measured: Annotated[str, Field(description="On what these shares were measured, in plain words.")]
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
