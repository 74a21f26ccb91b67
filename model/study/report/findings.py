"""The findings of the thesis, and whether this study reproduces them: each is a comparison of two ways."""

from typing import Literal, NamedTuple

from ..plans import COLORIZATION, PLANS, SECOND, SHARED, parts
from .columns import Column, columns, deciding, table, written_gain
from .results import Gain, Results

Verdict = Literal["reproduced", "mixed", "not reproduced", "open", "missing"]


class Claim(NamedTuple):
    """One way is better than another."""

    sentence: str
    better: str
    worse: str


CLAIMS = (
    Claim("Labels teach more than colorization", "labels", COLORIZATION),
    Claim("Colorization teaches more than random filters hold", COLORIZATION, "random"),
    Claim("Colorization teaches more than k-means", COLORIZATION, "clustering"),
    Claim("Colorization teaches more than an autoencoder", COLORIZATION, "autoencoder"),
    Claim("Colorization teaches more than a denoising autoencoder", COLORIZATION, "denoising"),
    Claim("Histograms of hue and chroma teach more than regression", COLORIZATION, "regression"),
    Claim("Classes of colour teach more than regression", "classes", "regression"),
    Claim("Rebalanced classes teach more than plain ones", "rebalanced", "classes"),
    Claim("Rotation teaches more than colorization", "rotation", COLORIZATION),
    Claim("Jigsaw teaches more than colorization", "jigsaw", COLORIZATION),
)
"""What the thesis and the papers after it say at full scale."""


def gains(results: Results, better: str, worse: str) -> list[Gain | None]:
    """Return the difference between two ways in every deciding column."""
    return [results.gain(better, worse, column.ask) for column in deciding(results)]


def judge(found: list[Gain | None]) -> Verdict:
    """Judge a claim by its columns: reproduced if some say yes and none no; open if all are within chance."""
    verdicts = {gain.verdict for gain in found if gain is not None}
    if not verdicts:
        return "missing"
    if {"yes", "no"} <= verdicts:
        return "mixed"
    if "yes" in verdicts:
        return "reproduced"
    return "not reproduced" if "no" in verdicts else "open"


def claims_table(results: Results) -> str:
    """Return every claim with its differences and its verdict."""
    rows = []
    for claim in CLAIMS:
        found = gains(results, claim.better, claim.worse)
        rows.append([claim.sentence, *map(written_gain, found), judge(found)])
    return table(["claim", *headings(results), "verdict"], rows)


def against_random(results: Results) -> str:
    """Return how much every way that learned gains over random filters, in every column."""
    ways = [way for way in PLANS if way in results.ways and way != "random"]
    asked = columns(results)
    rows = [
        [PLANS[way].title, *(written_gain(results.gain(way, "random", column.ask)) for column in asked)]
        for way in ways
    ]
    return table(["way", *(column.heading for column in asked)], rows)


def combinations_table(results: Results) -> str:
    """Return what every combination gains over the best of its parts, column by column."""
    rows = []
    for way in (way for way in PLANS if len(parts(way)) > 1):
        found = [over_best_part(results, way, column) for column in deciding(results)]
        rows.append([PLANS[way].title, *map(written_gain, found), _gained(found)])
    return table(["combination", *headings(results), "gains?"], rows)


def over_best_part(results: Results, way: str, column: Column) -> Gain | None:
    """Return what a combination gains over that part of it which is the best in this column."""
    found = [results.gain(way, part, column.ask) for part in parts(way)]
    known = [gain for gain in found if gain is not None]
    return min(known, key=lambda gain: gain.difference) if len(known) == len(found) else None


def mixings_table(results: Results) -> str:
    """Return the mean gain over the best part of each way of mixing, over all second tasks."""
    rows = []
    for mixing in SHARED:
        cells = []
        for column in deciding(results):
            found = [over_best_part(results, f"{COLORIZATION}+{other}-{mixing}", column) for other in SECOND]
            known = [gain.difference for gain in found if gain is not None]
            cells.append(f"{100 * sum(known) / len(known):+.1f}" if known else "missing")
        rows.append([mixing, *cells])
    return table(["mixing", *headings(results)], rows)


def headings(results: Results) -> list[str]:
    """Return the headings of the deciding columns."""
    return [column.heading for column in deciding(results)]


def _gained(found: list[Gain | None]) -> str:
    verdicts = {"reproduced": "yes", "not reproduced": "loses", "open": "within chance"}
    return verdicts.get(judge(found), judge(found))
