"""What happened over the course of learning: the probe at halts on the way, and how two tasks' gradients agreed."""

from collections.abc import Iterable
from statistics import fmean

from ..plans import PLANS
from .columns import percent, table
from .record import Row


def snapshots_table(rows: list[Row], results: list[Row]) -> str:
    """Return the accuracy of the last stage's linear probe after shares of learning; empty without any."""
    if not rows:
        return ""
    ended = [{**row, "learned": "1"} for row in results if row["use"] == "probe"]
    last = max(row["stage"] for row in rows)
    ways = list(dict.fromkeys(row["way"] for row in rows))
    every = [row for row in (*rows, *ended) if row["way"] in ways and row["stage"] == last]
    shares = sorted({row["learned"] for row in every}, key=float)
    lines = [
        [PLANS[way].title, *(_probed([row for row in every if row["way"] == way], share) for share in shares)]
        for way in ways
    ]
    heads = ["way", *(f"{100 * float(share):g} % of learning" for share in shares)]
    return f"Accuracy of the linear probe at the last stage, in percent.\n\n{table(heads, lines)}\n\n"


def _probed(rows: list[Row], share: str) -> str:
    values = [float(row["value"]) for row in rows if row["learned"] == share]
    return percent(fmean(values)) if values else "missing"


def gradients_table(rows: list[Row]) -> str:
    """Return the mean cosine between two tasks' gradients: by stage, and early and late in learning."""
    stages = sorted({row["stage"] for row in rows} - {"0"})
    ways = [way for way in PLANS if any(row["way"] == way for row in rows)]
    lines = [
        [PLANS[way].title, *_agreement([row for row in rows if row["way"] == way], stages)] for way in ways
    ]
    by_stage = (f"stage {stage}" for stage in stages)
    heads = ["combination", *by_stage, "early", "late", "one task, two batches", "length"]
    return table(heads, lines)


def _agreement(rows: list[Row], stages: list[str]) -> list[str]:
    together = [row for row in rows if row["stage"] == "0"]
    middle = max(int(row["step"]) for row in together) / 2
    early = [row for row in together if int(row["step"]) <= middle]
    late = [row for row in together if int(row["step"]) > middle]
    return [
        *(_mean((row for row in rows if row["stage"] == stage), "cosine") for stage in stages),
        _mean(early, "cosine"),
        _mean(late, "cosine"),
        _mean(together, "same"),
        _mean(together, "ratio"),
    ]


def _mean(rows: Iterable[Row], field: str) -> str:
    values = [float(row[field]) for row in rows]
    return f"{fmean(values):.2f}" if values else "missing"
