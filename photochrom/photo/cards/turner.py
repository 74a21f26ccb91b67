"""The card of a network that tells which way a photograph is up, stored in its ONNX metadata."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .stored import StoredCard

Share = Annotated[float, Field(ge=0, le=1)]


class TurnerCard(StoredCard):
    """What the worker may rely on.

    Graph input: `lightness` float32 (N,1,side,side), L* 0..100, the photograph as `photochrom.seeing.glance` shows it,
    turned in some way. Output: `upright` float32 (N), a logit: the larger, the more it stands upright. The softmax over
    its four turns says how likely each is.
    """

    stored_as: ClassVar[str] = "photochrom.turner"
    missing: ClassVar[str] = "The ONNX file is not one of model.turner: it has no card."
    called: ClassVar[str] = "The turner's card"

    contract: Literal[1] = 1
    version: str
    side: Annotated[int, Field(ge=32, description="Height and width of what it sees, in pixels.")]
    threshold: Annotated[Share, Field(description="A photograph is turned where one turn is more likely.")]
    decided: Annotated[Share, Field(description="Of photographs, those of which one turn is that likely.")]
    wrong: Annotated[Share, Field(description="Of photographs, those that are turned wrongly.")]
    measured: Annotated[str, Field(description="On what these shares were measured, in plain words.")]
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
