"""The columns of the study's table, and how figures are written."""

from typing import NamedTuple

from .results import Ask, Estimate, Gain, Question, Results


class Column(NamedTuple):
    """One column: a heading, and what every way is asked for it."""

    heading: str
    ask: Ask


PROBE = Column("probe, best stage", lambda results, way: results.best_stage(way))
LAST = Column("probe, last stage", lambda results, _way: max(results.questions("probe"), default=None))
FROZEN = Column("segmentation, frozen", lambda _results, _way: Question("segment", "miou"))
TUNED = Column("segmentation, fine-tuned", lambda _results, _way: Question("segment-finetune", "miou"))


def share_column(results: Results, share: str) -> Column:
    """Return the column of fine-tuning with a share of the labels; its heading tells the true share."""
    heading = f"{of_labels(results.sizes.share(float(share)))} of labels"
    return Column(heading, lambda _results, _way: Question("finetune", "accuracy", share=share))


def columns(results: Results) -> list[Column]:
    """Return all columns of a study."""
    shares = sorted((question.share for question in results.questions("finetune")), key=float)
    return [PROBE, LAST, *(share_column(results, share) for share in shares), FROZEN, TUNED]


def deciding(results: Results) -> list[Column]:
    """Return the columns that findings are judged by."""
    shares = sorted((question.share for question in results.questions("finetune")), key=float)
    middle = shares[len(shares) // 2 : len(shares) // 2 + 1]
    return [PROBE, LAST, *(share_column(results, share) for share in middle), FROZEN]


def written(found: Estimate | None) -> str:
    """Write a figure in percent, with its spread over seeds if there are several."""
    if found is None:
        return "missing"
    return percent(found.mean) + (f" ± {percent(found.spread)}" if found.seeds > 1 else "")


def written_gain(gain: Gain | None) -> str:
    """Write a difference in points, bold if it is more than chance."""
    if gain is None:
        return "missing"
    text = f"{100 * gain.difference:+.1f}"
    return text if gain.verdict == "open" else f"**{text}**"


def percent(share: float) -> str:
    """Write a share 0..1 in percent."""
    return f"{100 * share:.1f}"


def of_labels(share: float) -> str:
    """Write a share 0..1 of the labels in percent, to two digits."""
    return f"{100 * share:.2g} %" if share < 1 else "100 %"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table, its first column to the left, the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
