"""The page of a study: `page.md` with its gaps filled from the record alone."""

from collections.abc import Sequence
from pathlib import Path
from string import Template

from ..encoder import STRIDES
from ..labelled import STREETS
from ..photographs import SIDE
from ..plans import PLANS, SINGLE
from .columns import columns, of_labels, table, written, written_gain
from .course import gradients_table, snapshots_table
from .findings import against_random, claims_table, combinations_table, mixings_table
from .published import LATER, PAPERS, PUBLISHED
from .record import Record
from .results import Question, Results
from .shipped import SHIPPED

_PAGE = Path(__file__).with_name("page.md")


def document(record: Record, name: str, reading: str) -> str:
    """Return the page.

    Args:
        record: what the study found.
        name: of its budget; its record and pictures have it in their names.
        reading: paragraphs on what the figures say, written by a person; they hold no number.
    """
    results = Results.of_record(record)
    sections = {
        "table": main_table(results),
        "shipped": _SHIPPED if SHIPPED in results.ways else "",
        "random": against_random(results),
        "stages": stages_table(results),
        "snapshots": snapshots_table(record.snapshots, record.results),
        "combinations": combinations_table(results),
        "mixings": mixings_table(results),
        "agreements": gradients_table(record.gradients),
        "claims": claims_table(results),
        "published": published_table(),
        "later": LATER,
        "papers": "\n".join(f"- {short}: {long}" for short, long in sorted(PAPERS.items())),
    }
    gaps = {**sections, "missing": missing(results), "reading": reading.strip(), "name": name}
    known = numbers(record)
    assert not gaps.keys() & known.keys(), "a number of the budget would stand in a table's place"
    return Template(_PAGE.read_text()).substitute(gaps | known)


_SHIPPED = """

The shipped colorizer's encoder is another network (EfficientNet-Lite2) that saw other photographs, many more of them,
and **it began from ImageNet labels**. Its line shows what such an encoder holds, not what colorization teaches. It
looks at the photographs enlarged twice."""


def numbers(record: Record) -> dict[str, str]:
    """Return what the page says of network and budget, as texts; sizes of sets are those that were there."""
    uses, sizes = record.budget["uses"], record.sizes
    every = {
        **{name: record.budget[name] for name in ("widths", "views", "crop", "batch", "held")},
        **{
            name: uses[name]
            for name in ("features", "tune_steps", "tune_batch", "positions", "segment_steps")
        },
        **{
            name: getattr(sizes, name) for name in ("classes", "train", "validation", "frames", "test_frames")
        },
        "side": SIDE,
        "strides": STRIDES,
        "streets": len(STREETS),
        "shares": [of_labels(sizes.share(share)) for share in uses["shares"]],
        "tuned": [sizes.tuned[share] for share in uses["shares"]],
    }
    return {name: _text(value) for name, value in every.items()}


def missing(results: Results) -> str:
    """Say which ways lack figures."""
    lacking = results.missing(list(PLANS))
    return f"\n\nNot measured yet, at least in part: {', '.join(lacking)}." if lacking else ""


def main_table(results: Results) -> str:
    """Return all figures of all ways."""
    rows = []
    for way in (way for way in (*PLANS, SHIPPED) if way in results.ways):
        cells = [_cell(results, way, column.ask(results, way)) for column in columns(results)]
        rows.append([title(way), *cells])
    return table(["way", *(column.heading for column in columns(results))], rows)


def stages_table(results: Results) -> str:
    """Return the accuracy of every stage of every single way, and what its last gains over its first."""
    asked = results.questions("probe")
    ways = [way for way in (*SINGLE, SHIPPED) if way in results.ways]
    rows = [
        [
            title(way),
            *(_cell(results, way, question) for question in asked),
            "" if way == SHIPPED else written_gain(results.deepening(way)),
        ]
        for way in ways
    ]
    return table(["way", *(f"stage {question.stage}" for question in asked), "last over first"], rows)


def published_table() -> str:
    """Return the figures of others."""
    rows = [[row.way, *map(_figure, row[1:4]), row.papers] for row in PUBLISHED]
    return table(
        ["way", "VOC07 classes, mAP", "VOC12 segmentation, mIU", "ImageNet probe of conv5", "from"], rows
    )


def title(way: str) -> str:
    """Return a way's name for people."""
    return (
        "the shipped colorizer's encoder, begun from ImageNet labels" if way == SHIPPED else PLANS[way].title
    )


def _cell(results: Results, way: str, question: Question | None) -> str:
    found = results.estimate(way, question) if question else None
    return written(found) if found else ""


def _figure(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.1f}"


def _text(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
