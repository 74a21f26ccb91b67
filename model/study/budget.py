"""A budget: how much every way may see, which ways run, and with how many seeds; one TOML file each."""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from photochrom.errors import ModelRejected

from .encoder import STRIDES, WIDTHS
from .photographs import SIDE
from .plans import PLANS
from .uses.budget import UsesBudget

CONFIGS = Path(__file__).parent / "configs"


class Budget(BaseModel):
    """What every way is given alike; see `configs/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photographs: Annotated[int, Field(ge=2, description="unlabelled photographs to learn from")]
    views: Annotated[int, Field(ge=1, description="photographs seen in learning, repeats included")]
    batch: Annotated[int, Field(ge=4, multiple_of=2, description="photographs a step")] = 64
    crop: Annotated[int, Field(ge=32, le=SIDE, multiple_of=16, description="side of a view, pixels")] = 48
    rate: Annotated[float, Field(gt=0, description="highest learning rate")] = 2e-3
    decay: Annotated[float, Field(ge=0, description="weight decay")] = 0.02
    widths: Annotated[tuple[int, ...], Field(description="channels of the five stages")] = WIDTHS
    clustered: Annotated[int, Field(ge=64, description="photographs that clustering looks at")] = 1024
    ways: Annotated[tuple[str, ...], Field(description="in the order in which they run")] = tuple(PLANS)
    seeds: Annotated[int, Field(ge=1, description="of every way")] = 1
    decisive: Annotated[tuple[str, ...], Field(description="ways with more seeds")] = ()
    decisive_seeds: Annotated[int, Field(ge=1, description="of those")] = 2
    gradients: Annotated[int, Field(ge=0, description="times that tasks' gradients are compared")] = 10
    snapshots: Annotated[
        tuple[float, ...], Field(description="shares of learning after which decisive ways are probed, too")
    ] = ()
    log_every: Annotated[int, Field(ge=1, description="steps")] = 20
    save_seconds: Annotated[float, Field(ge=0, description="between two checkpoints")] = 60
    uses: Annotated[UsesBudget, Field(description="what every encoder is tried with")] = UsesBudget()

    @property
    def steps(self) -> int:
        """Steps of learning."""
        return max(1, self.views // self.batch)

    def runs(self) -> list[tuple[str, int]]:
        """Return (way, seed) of all runs, in their order: all ways once before any a second time."""
        most = max(self.seeds, self.decisive_seeds if self.decisive else 0)
        counts = {way: self.decisive_seeds if way in self.decisive else self.seeds for way in self.ways}
        return [(way, seed) for seed in range(most) for way in self.ways if seed < counts[way]]

    def shortened(self, share: float) -> Self:
        """Return a share of it, to rehearse: the same ways, network and course, with fewer photographs and steps."""
        counts = {"photographs": 64, "views": 2 * self.batch, "clustered": 64}
        fewer = {name: max(least, round(share * getattr(self, name))) for name, least in counts.items()}
        return self.model_copy(update={**fewer, "uses": self.uses.shortened(share)})

    @field_validator("ways", "decisive")
    @classmethod
    def _known(cls, ways: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [way for way in ways if way not in PLANS]
        if unknown:
            raise ValueError(f"no such way: {', '.join(unknown)}; there are {', '.join(PLANS)}")
        return ways

    @field_validator("widths")
    @classmethod
    def _halved(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if len(widths) != len(STRIDES) or any(width < 2 or width % 2 for width in widths):
            raise ValueError(f"widths are {len(STRIDES)} even numbers")
        return widths

    @classmethod
    def read(cls, name: str) -> Self:
        """Read a budget: the name of one in `configs/`, or a path to a TOML file.

        Raises:
            ModelRejected: there is none, or a field is not valid.
        """
        path = budget_path(name)
        try:
            return cls.model_validate(tomllib.loads(path.read_text()))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise ModelRejected(f"The budget {path} is not valid: {error}") from error


def budget_path(name: str) -> Path:
    """Return the file of a budget.

    Raises:
        ModelRejected: there is none of this name.
    """
    path = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in CONFIGS.glob("*.toml")))
        raise ModelRejected(f"There is no budget {name}; choose one of {known}, or the path of a TOML file.")
    return path
