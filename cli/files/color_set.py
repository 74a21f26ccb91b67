"""One set of colours for a folder: what each photograph shows is kept in the target until all have their colours."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.series import SIGHT_EXTENSION

from .colorist import Colorist, Outcome
from .plan import Item, Plan

FOLDER = ".photochrom-set"
"""In the target: an interrupted run goes on with those that it has coloured."""


@dataclass(frozen=True)
class ColorSet:
    """The photographs of one run, and of interrupted ones before it."""

    plan: Plan
    target: Path
    options: ColorizeOptions

    @property
    def begun(self) -> bool:
        """Whether an earlier run was interrupted."""
        return self._folder.is_dir()

    def sight_of(self, item: Item) -> Path:
        """Return where what a photograph shows is kept; other options have other files."""
        said = f"{item.target.relative_to(self.target).as_posix()} {self.options.identity()}"
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}{SIGHT_EXTENSION}"

    def matched(self, colorist: Colorist) -> list[tuple[Item, dict[str, Any]]]:
        """Return the photographs whose colours move, and what each is to know of its series."""
        members = {str(item.source.resolve()): item for item in (*self.plan.items, *self.plan.there)}
        sights = {
            name: str(sight.resolve())
            for name, item in members.items()
            if (sight := self.sight_of(item)).is_file()
        }
        told = colorist.series(self.target, sights)
        return [
            (replace(members[name], replace=True), series) for name, series in told.items() if series["shift"]
        ]

    def close(self) -> None:
        """All have their colours: forget what they show."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return self.target / FOLDER


def told_twice(first: Sequence[Outcome], second: Sequence[Outcome]) -> list[Outcome]:
    """Return one outcome for each photograph: one that could not be matched keeps its own colours, with a note."""
    outcomes = {outcome.source: outcome for outcome in first}
    for outcome in second:
        if outcome.succeeded:
            outcomes[outcome.source] = outcome
            continue
        own = outcomes.get(outcome.source, Outcome(outcome.source)).warnings
        note = f"It keeps colours of its own: {outcome.detail}"
        outcomes[outcome.source] = Outcome(outcome.source, warnings=(*own, note))
    return list(outcomes.values())
