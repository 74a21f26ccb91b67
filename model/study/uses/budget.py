"""How much each use may cost; the budgets of the study hold it as their table `uses`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LEAST = {
    "train": 200, "validation": 100, "frames": 4, "test_frames": 2, "head_steps": 5, "segment_steps": 2,
    "tune_batch": 16, "segment_batch": 2, "features": 64
}  # fmt: skip
"""What a rehearsal keeps at least of what it shortens."""


class UsesBudget(BaseModel):
    """What one encoder is tried with; as it is, that takes half a minute of one core."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: Annotated[int | None, Field(ge=10, description="labelled photographs used; None: all")] = None
    validation: Annotated[int, Field(ge=1, description="photographs measured on, at most")] = 2000
    # linear probe
    features: Annotated[int, Field(ge=1, description="numbers that a stage is pooled to, at most")] = 512
    # fine-tuning
    shares: Annotated[tuple[float, ...], Field(description="shares of the labels, ascending")] = (
        0.01,
        0.1,
        1,
    )
    tune_steps: Annotated[tuple[int, ...], Field(description="steps for each share")] = (10, 20, 50)
    tune_batch: Annotated[int, Field(ge=2, description="photographs a step")] = 64
    tune_rate: Annotated[float, Field(gt=0, description="highest learning rate")] = 2e-3
    # segmentation
    frames: Annotated[int | None, Field(ge=1, description="labelled frames used; None: all")] = 184
    test_frames: Annotated[int | None, Field(ge=1, description="frames measured on; None: all")] = 100
    positions: Annotated[int, Field(ge=1, description="sampled positions of a frame")] = 128
    head_steps: Annotated[
        int, Field(ge=1, description="steps of the linear layer alone, 1,024 features each")
    ] = 300
    segment_steps: Annotated[int, Field(ge=1, description="steps of head and encoder together")] = 40
    segment_batch: Annotated[int, Field(ge=1, description="frames a step")] = 4
    segment_rate: Annotated[float, Field(gt=0, description="highest learning rate")] = 1e-3

    def shortened(self, share: float) -> Self:
        """Return a share of it, to rehearse; where it takes all photographs it still does."""

        def part(name: str, least: int) -> int | None:
            whole = getattr(self, name)
            return None if whole is None else min(whole, max(least, round(share * whole)))

        fewer = {name: part(name, least) for name, least in _LEAST.items()}
        steps = tuple(max(2, round(share * steps)) for steps in self.tune_steps)
        return self.model_copy(update={**fewer, "tune_steps": steps})

    @model_validator(mode="after")
    def _every_share_has_steps(self) -> Self:
        if len(self.shares) != len(self.tune_steps):
            raise ValueError(
                "every share of the labels needs its steps: shares and tune_steps are of one length"
            )
        return self
