"""One TOML file per training run; every field with its unit and meaning."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.errors import ModelRejected

from .film import Film
from .finish import WINDOW


class RunConfig(BaseModel):
    """What one training run does; see `configs/` for examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Annotated[dict[str, Any], Field(description="fields of network.NetworkConfig")] = {}
    # photographs
    side: Annotated[int, Field(ge=64, multiple_of=32, description="crop that the network sees, pixels")] = 256
    stored_side: Annotated[int, Field(ge=64, description="side at which photographs are kept, pixels")] = 256
    held: Annotated[bool | None, Field(description="keep all on the device; None: if they fit")] = None
    workers: Annotated[int, Field(ge=0, description="processes that decode a streamed set")] = 8
    limit: Annotated[int | None, Field(description="use only the first photographs")] = None
    crop: Annotated[float, Field(gt=0, le=1, description="smallest share of a side that a crop shows")] = 0.55
    age: Annotated[bool, Field(description="gamma, fading, blur and grain on the lightness")] = True
    film: Annotated[Film | None, Field(description="old film, in place of `age`; None: none")] = None
    hints: Annotated[float, Field(ge=0, le=1, description="share of photographs with revealed patches")] = 0.0
    palette: Annotated[float, Field(ge=0, le=1, description="share of photographs with their palette")] = 0.0
    learn: Annotated[
        Literal["all", "conditions", "palette"],
        Field(
            description="conditions: only the layers of hints and palette; palette: the palette's alone; "
            "all else stays to the bit"
        ),
    ] = "all"
    condition_every: Annotated[
        int,
        Field(ge=1, description="hints and palette in every such batch only; they cost a fifth of a step"),
    ] = 1
    frozen: Annotated[
        int,
        Field(ge=0, le=7, description="first stages of the encoder, its stem with them, that learn nothing"),
    ] = 0
    still_norms: Annotated[
        bool,
        Field(description="statistics of batch norm stand still: batches of a CPU are too small for them"),
    ] = False
    # loss
    positions: Annotated[int, Field(ge=1, description="places per photograph in the loss")] = 1024
    bins: Annotated[
        Literal["srgb", "zhang"], Field(description="259 that sRGB reaches, or as many as Zhang et al.: 313")
    ] = "srgb"
    rebalance: Annotated[float, Field(ge=0, le=1, description="power of the class weights; 0: none")] = 0.7
    ceiling: Annotated[float, Field(gt=0, description="largest class weight")] = 8.0
    expectation: Annotated[float, Field(ge=0, description="weight of finish.expectation_loss")] = 0.0
    evenness: Annotated[float, Field(ge=0, description="weight of finish.evenness_loss")] = 0.0
    leak: Annotated[
        float, Field(ge=0, description="weight of other things' following a false hint; model.fit_hints only")
    ] = 0.0
    unheard: Annotated[
        float,
        Field(ge=0, description="weight of a false hint's own thing not following; model.fit_hints only"),
    ] = 0.0
    windows: Annotated[
        int, Field(ge=0, description="8x8 windows among the positions, 64 of them each; evenness needs some")
    ] = 0
    teacher: Annotated[
        float, Field(ge=0, le=1, description="the teacher's share of the loss, if there is one")
    ] = 0.5
    teacher_remembers: Annotated[
        bool, Field(description="it looks once at every whole photograph, not at each crop: faster on a GPU")
    ] = False
    fit: Annotated[
        int, Field(ge=0, description="photographs for the least squares of layers; model.distil only")
    ] = 0
    # optimiser
    bf16: Annotated[
        bool | None, Field(description="matrix products in bfloat16; None: on a GPU. Some CPUs gain, too")
    ] = None
    steps: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1, description="photographs per step, over all devices")] = 176
    learning_rate: Annotated[float, Field(gt=0)] = 7e-4
    encoder_rate: Annotated[float, Field(ge=0, description="the encoder's share of the rate")] = 0.3
    condition_rate: Annotated[
        float, Field(ge=0, description="the share of the rate of the layers of hints and palette")
    ] = 1.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.02
    warmup: Annotated[int, Field(ge=0, description="steps")] = 300
    floor: Annotated[float, Field(ge=0, le=1, description="last rate / highest rate")] = 0.01
    drop_path: Annotated[
        float, Field(ge=0, lt=1, description="share of photographs that skip the deepest residual block")
    ] = 0.0
    clip: Annotated[float, Field(gt=0, description="largest gradient norm")] = 1.0
    average: Annotated[float, Field(ge=0, lt=1, description="decay of the averaged weights")] = 0.999
    seed: int = 0
    # what is written when
    log_every: Annotated[int, Field(ge=1, description="steps")] = 20
    save_every: Annotated[int, Field(ge=1, description="steps; also the sample sheet's")] = 1000
    validation_limit: Annotated[int, Field(ge=1, description="photographs measured at each save")] = 256
    validation_hints: Annotated[int, Field(ge=0, description="patches of the truth given in them")] = 0

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        if self.evenness and not self.windows:
            raise ValueError("evenness is measured in windows: choose some")
        if self.windows * WINDOW**2 > self.positions:
            raise ValueError(
                f"{self.windows} windows of {WINDOW**2} do not fit in {self.positions} positions"
            )
        if self.windows > (self.side // (4 * WINDOW)) ** 2:
            raise ValueError(f"{self.windows} windows do not fit in a crop of {self.side} pixels")
        return self

    @model_validator(mode="after")
    def _something_learns(self) -> Self:
        if self.learn != "all" and self.condition_every > 1:
            raise ValueError("where only conditions learn they must be in every batch: condition_every is 1")
        return self

    @classmethod
    def read(cls, *paths: Path) -> Self:
        """Read a TOML file, or several laid over each other: of a field in two the last one counts.

        Raises:
            ModelRejected: no such file, not a TOML file, or a field that is not valid.
        """
        names = " with ".join(map(str, paths))
        try:
            fields = {key: value for path in paths for key, value in tomllib.loads(path.read_text()).items()}
            return cls.model_validate(fields)
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise ModelRejected(f"The configuration {names} is not valid: {error}") from error
