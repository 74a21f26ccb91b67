"""What a model card says beyond the exported file: photographs of training by name, and examples to look at."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from photochrom.errors import ModelRejected


class Example(BaseModel):
    """A freely licensed photograph, and what these weights make of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photo: str
    """Path of the photograph, relative to the TOML file."""
    title: str
    kind: Literal["success", "failure"]
    seen: str
    """What one sees, in a sentence."""
    credit: str
    license: str
    path: Path = Path()
    """Where `photo` lies; set by `read_about`."""

    @property
    def picture(self) -> str:
        """File name of the picture."""
        return f"{Path(self.photo).stem}.jpg"


class About(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources_note: str = ""
    sources: dict[str, int] = {}
    """Photographs by collection."""
    examples: tuple[Example, ...] = ()


def read_about(path: Path) -> About:
    """Read the TOML file.

    Raises:
        ModelRejected: it does not hold, or a photograph is missing.
    """
    try:
        about = About.model_validate(tomllib.loads(path.read_text()))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelRejected(f"{path} does not hold: {error}") from error
    examples = tuple(e.model_copy(update={"path": path.parent / e.photo}) for e in about.examples)
    for example in examples:
        if not example.path.is_file():
            raise ModelRejected(f"{path} names {example.photo}, which is not there.")
    return about.model_copy(update={"examples": examples})
