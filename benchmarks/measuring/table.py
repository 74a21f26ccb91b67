"""Tables in Markdown."""

import sys
from collections.abc import Sequence


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def told(row: list[str]) -> list[str]:
    """Print the row on standard error and return it, so that it is seen even if the table is never finished."""
    print(" | ".join(row), file=sys.stderr, flush=True)
    return row
