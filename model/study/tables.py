"""The CSV files of a study: rows are added in groups, whole or not at all, so that a run can tell what is missing."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from photochrom.errors import ModelRejected
from photochrom.files import replacing

RESULTS = ("way", "seed", "use", "stage", "share", "measure", "value")
"""`results.csv`: what every encoder is good for. Stage is empty where all are used, share where all labels are."""
SNAPSHOTS = ("way", "seed", "learned", "stage", "value")
"""`snapshots.csv`: accuracy of the linear probe after a share of learning."""
LOG = ("step", "loss", "minutes")
"""`log.csv` of a run."""
GRADIENTS = ("step", "stage", "cosine", "same", "ratio")
"""`gradients.csv` of a combination, see `gradients.Agreement`; stage 0 is all together."""
COSTS = ("of", "name", "seconds")
"""`costs.csv` of a study with limited minutes: one view of a way's photograph (of `view`), or a use of one encoder."""

Row = dict[str, str]


class Table:
    """A CSV file with a header; it need not exist yet."""

    def __init__(self, path: Path, fields: tuple[str, ...]) -> None:
        self.path, self.fields = path, fields

    def rows(self) -> list[Row]:
        """Return all rows, their values as texts.

        Raises:
            ModelRejected: the file has other columns.
        """
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        if tuple(reader.fieldnames or ()) != self.fields:
            raise ModelRejected(f"{self.path} does not have the columns {', '.join(self.fields)}; remove it.")
        return rows

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        """Add rows, values in the order of the columns; None is left empty."""
        new = [dict(zip(self.fields, row, strict=True)) for row in rows]
        self._write([*self.rows(), *new])

    def keep(self, wanted: Callable[[Row], bool]) -> None:
        """Remove all other rows."""
        rows = self.rows()
        kept = [row for row in rows if wanted(row)]
        if len(kept) < len(rows):
            self._write(kept)

    def _write(self, rows: Iterable[dict[str, Any]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as file:
            file.write(text.getvalue().encode())
