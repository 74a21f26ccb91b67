"""All that a study wrote, in a folder small enough to be kept with the documents."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

from photochrom.errors import ModelRejected

from ..sizes import Sizes
from ..tables import GRADIENTS, RESULTS, SNAPSHOTS, Table
from .shipped import FILE

Row = dict[str, str]
RUN = ("way", "seed")


class Record(NamedTuple):
    """Rows of `tables`; those of single runs have the run before them."""

    budget: dict[str, Any]
    results: list[Row]
    snapshots: list[Row]
    gradients: list[Row]

    @property
    def sizes(self) -> Sizes:
        """The sizes of the labelled sets."""
        return Sizes.model_validate(self.budget["sizes"])

    @classmethod
    def gather(cls, folder: Path) -> Self:
        """Collect what a study has written so far.

        Raises:
            ModelRejected: the folder holds no study.
        """
        return cls(
            _budget(folder),
            [*Table(folder / "results.csv", RESULTS).rows(), *Table(folder / FILE, RESULTS).rows()],
            Table(folder / "snapshots.csv", SNAPSHOTS).rows(),
            of_runs(folder, "gradients.csv"),
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a record that `write` wrote.

        Raises:
            ModelRejected: the folder holds none.
        """
        return cls(
            _budget(folder),
            *(Table(folder / f"{name}.csv", fields).rows() for name, fields in _FILES.items()),
        )

    def write(self, folder: Path) -> None:
        """Write the record into a folder, created if it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "budget.json").write_text(json.dumps(self.budget, indent=1) + "\n")
        for (name, fields), rows in zip(_FILES.items(), self[1:], strict=True):
            _write(folder / f"{name}.csv", fields, rows)


_FILES = {"results": RESULTS, "snapshots": SNAPSHOTS, "gradients": (*RUN, *GRADIENTS)}


def of_runs(folder: Path, name: str) -> list[Row]:
    """Return the rows of one file of every run, each with its way and its seed."""
    return [
        {"way": path.parent.parent.name, "seed": path.parent.name.removeprefix("seed"), **row}
        for path in sorted(folder.glob(f"*/seed*/{name}"))
        for row in _rows(path)
    ]


def _rows(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _budget(folder: Path) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads((folder / "budget.json").read_text())
    except (OSError, ValueError) as error:
        raise ModelRejected(f"{folder} holds no study: {error}") from error
    return fields


def _write(path: Path, fields: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
