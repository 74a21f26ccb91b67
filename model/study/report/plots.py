"""The plots of a study, as SVG files whose bytes depend on the figures alone."""

from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plans import PLANS, SINGLE
from .record import Record, Row
from .results import Results
from .shipped import SHIPPED

mpl.rcParams.update({"svg.hashsalt": "photochrom", "svg.fonttype": "none", "font.size": 9})
_COLORS = [mpl.colormaps["tab20"](number) for number in range(20)]
_STYLES = ("-", "--", ":")


def draw_all(record: Record, losses: list[Row], folder: Path, name: str) -> None:
    """Write all plots of a study into a folder; `losses` are the rows of every run's log."""
    results = Results.of_record(record)
    plots: dict[str, Callable[[Axes], None]] = {
        "stages": lambda axes: draw_stages(axes, results),
        "shares": lambda axes: draw_shares(axes, results),
        "losses": lambda axes: draw_losses(axes, losses),
        "gradients": lambda axes: draw_gradients(axes, record.gradients),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for what, draw in plots.items():
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside right center", fontsize=7)
        figure.savefig(folder / f"{name}-{what}.svg", metadata={"Date": None})


def draw_stages(axes: Axes, results: Results) -> None:
    """Draw accuracy by stage, with the range over seeds; the shipped encoder's, too."""
    asked = results.questions("probe")
    for number, way in enumerate(_known((*SINGLE, SHIPPED), results.ways)):
        ranges = [results.values.get((way, question), []) for question in asked]
        _line(axes, [int(question.stage) for question in asked], ranges, way, number)
    axes.set(xlabel="stage", ylabel="accuracy of the linear probe, %", xticks=range(1, len(asked) + 1))


def draw_shares(axes: Axes, results: Results) -> None:
    """Draw accuracy after fine-tuning by the share of the labels."""
    asked = sorted(results.questions("finetune"), key=lambda question: float(question.share))
    for number, way in enumerate(_known(SINGLE, results.ways)):
        ranges = [results.values.get((way, question), []) for question in asked]
        places = [100 * results.sizes.share(float(question.share)) for question in asked]
        _line(axes, places, ranges, way, number)
    axes.set(xlabel="share of the labels, %", ylabel="accuracy, %", xscale="log", yscale="log")


def draw_losses(axes: Axes, losses: list[Row]) -> None:
    """Draw the loss of every way's first seed, relative to its first value."""
    learning = [row for row in losses if row["seed"] == "0" and PLANS[row["way"]].mixing != "clustering"]
    for number, way in enumerate(_known(PLANS, {row["way"] for row in learning})):
        own = [row for row in learning if row["way"] == way]
        first = float(own[0]["loss"])
        heights = [float(row["loss"]) / first for row in own]
        axes.plot([int(row["step"]) for row in own], heights, label=way, **_style(number))
    axes.set(xlabel="step", ylabel="loss / first loss")


def draw_gradients(axes: Axes, gradients: list[Row]) -> None:
    """Draw the cosine between two tasks' gradients over learning, all stages together, the mean over seeds."""
    together = [row for row in gradients if row["stage"] == "0"]
    for number, way in enumerate(_known(PLANS, {row["way"] for row in together})):
        own = [row for row in together if row["way"] == way]
        steps = sorted({int(row["step"]) for row in own})
        means = [fmean(float(row["cosine"]) for row in own if int(row["step"]) == step) for step in steps]
        axes.plot(steps, means, label=way, **_style(number))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="step", ylabel="cosine")


def _line(
    axes: Axes, places: list[float] | list[int], ranges: list[list[float]], way: str, number: int
) -> None:
    known = [(place, values) for place, values in zip(places, ranges, strict=True) if values]
    means = [100 * fmean(values) for _, values in known]
    below = [mean - 100 * min(values) for mean, (_, values) in zip(means, known, strict=True)]
    above = [100 * max(values) - mean for mean, (_, values) in zip(means, known, strict=True)]
    axes.errorbar(
        [place for place, _ in known], means, (below, above), label=way, capsize=2, **_style(number)
    )


def _known(order: Iterable[str], ways: Iterable[str]) -> list[str]:
    found = set(ways)
    return [way for way in order if way in found]


def _style(number: int) -> dict[str, Any]:
    return {
        "color": _COLORS[number % len(_COLORS)],
        "linestyle": _STYLES[number % len(_STYLES)],
        "linewidth": 1.2,
    }
