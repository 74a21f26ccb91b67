"""The one shape of what a use reports."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A measured value of one encoder; with the way and the seed before it, it is a row of `results.csv`."""

    use: str
    stage: int | None  # 1 is the first; None where all are used
    share: float | None  # of the labels; None where all are used
    measure: str
    value: float
