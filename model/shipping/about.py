"""The parts of a model card that are not in the exported file: names of the training photographs, and examples."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from photochrom.errors import ModelRejected


class Example(BaseModel):
    """A freely licensed photograph, and these weights' result for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    photo: str
    """Path of the photograph, relative to the TOML file."""
    title: str
    kind: Literal["success", "failure"]
    seen: str
    """A description of the result, in one sentence."""
    credit: str
    license: str
    path: Path = Path()
    """The full path of `photo`; set by `read_about`."""

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
        ModelRejected: it is not valid, or a photograph is missing.
    """
    try:
        about = About.model_validate(tomllib.loads(path.read_text()))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelRejected(f"{path} is not valid: {error}") from error
    examples = tuple(e.model_copy(update={"path": path.parent / e.photo}) for e in about.examples)
    for example in examples:
        if not example.path.is_file():
            raise ModelRejected(f"{path} names {example.photo}, which does not exist.")
    return about.model_copy(update={"examples": examples})
