"""Make the page of a study, with its record and its pictures.

    python -m model.study.report runs/study/cpu docs/representation.md [--probes PROBES]

The figures are copied to reports/study-NAME/ beside the page, pictures go to images/study/; NAME is the folder's. With
PROBES segmentations are drawn, and the shipped colorizer's encoder is measured once (a few minutes of a CPU each).
What a person makes of the figures is read from reports/study-NAME/reading.md.
"""

import argparse
import sys
from pathlib import Path

import torch

from photochrom.errors import PhotochromError

from ..labelled import read_sets
from ..runner import labelled_paths
from ..uses.budget import UsesBudget
from .document import document
from .pictures import draw_filters, draw_streets
from .plots import draw_all
from .record import Record, of_runs
from .shipped import measure_shipped

WEIGHTS = Path(__file__).parents[2] / "weights" / "photochrom.onnx"


def make(folder: Path, page: Path, probes: Path | None = None, weights: Path = WEIGHTS) -> None:
    """Write page, record and pictures of a study.

    Raises:
        ModelRejected: the folder holds no study.
        PhotoRejected: the labelled sets are missing.
    """
    images, record = page.parent / "images" / "study", Record.gather(folder)
    images.mkdir(parents=True, exist_ok=True)
    if probes:
        data, budget = read_sets(*labelled_paths(probes)), UsesBudget(**record.budget["uses"])
        measure_shipped(weights, data, budget, folder)
        draw_streets(folder, data, budget, images / f"{folder.name}-streets.webp")
        record = Record.gather(folder)
    draw_all(record, of_runs(folder, "log.csv"), images, folder.name)
    draw_filters(folder, images / f"{folder.name}-filters.png")
    record.write(kept(page, folder.name))
    page.write_text(document(record, folder.name, read_reading(page, folder.name)))


def remake(page: Path, name: str) -> str:
    """Return the page as its committed record gives it.

    Raises:
        ModelRejected: there is no record.
    """
    return document(Record.read(kept(page, name)), name, read_reading(page, name))


def kept(page: Path, name: str) -> Path:
    """Return the folder of a study's record beside the page."""
    return page.parent / "reports" / f"study-{name}"


def read_reading(page: Path, name: str) -> str:
    """Return what a person makes of the figures; a note if nobody has written it."""
    path = kept(page, name) / "reading.md"
    return path.read_text() if path.exists() else "Nobody has written this yet."


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(
        prog="python -m model.study.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cli.add_argument("folder", type=Path, help="of a study: OUT/BUDGET")
    cli.add_argument("page", type=Path, help="the page to write, such as docs/representation.md")
    cli.add_argument("--probes", type=Path, help="folder of the labelled sets")
    cli.add_argument("--threads", type=int, help="cores to use; default: all")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        make(options.folder, options.page, options.probes)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
