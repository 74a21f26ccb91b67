"""Figures of a study, gathered over seeds: means, spreads, and which differences are more than chance."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, median
from typing import NamedTuple, Self

from ..sizes import Sizes
from .record import Record, Row


class Question(NamedTuple):
    """One column of the study's tables: what is measured of an encoder."""

    use: str
    measure: str
    stage: str = ""  # empty where all stages are used
    share: str = ""  # empty where all labels are


class Estimate(NamedTuple):
    """A figure over seeds."""

    mean: float
    spread: float  # half of the range over seeds; 0 of a single one
    seeds: int


@dataclass(frozen=True)
class Results:
    """All figures of `results.csv`.

    Attributes:
        values: the figures of all seeds, by way and question.
        sizes: of the labelled sets.
    """

    values: dict[tuple[str, Question], list[float]]
    sizes: Sizes

    @classmethod
    def of_record(cls, record: Record) -> Self:
        """Gather the figures of a study."""
        return cls.of(record.results, record.sizes)

    @classmethod
    def of(cls, rows: Iterable[Row], sizes: Sizes) -> Self:
        """Gather the rows of a table of results."""
        values: dict[tuple[str, Question], list[float]] = {}
        for row in rows:
            question = Question(row["use"], row["measure"], row["stage"], row["share"])
            values.setdefault((row["way"], question), []).append(float(row["value"]))
        return cls(values, sizes)

    @property
    def ways(self) -> list[str]:
        """All ways that have figures, in the order of the table."""
        return list(dict.fromkeys(way for way, _ in self.values))

    def questions(self, use: str) -> list[Question]:
        """Return what was measured by a use."""
        return sorted({question for _, question in self.values if question.use == use})

    def estimate(self, way: str, question: Question) -> Estimate | None:
        """Return the figure of a way; None if it was not measured."""
        values = self.values.get((way, question))
        if values is None:
            return None
        return Estimate(fmean(values), (max(values) - min(values)) / 2, len(values))

    def chance(self, way: str, question: Question) -> float:
        """Return how far a figure may be off: the largest of three reasons.

        They are the spread over its own seeds, the median spread of the ways that have several seeds, and for
        accuracies the standard error of a share of so many photographs. Where none is known it is infinite.
        """
        found = self.estimate(way, question)
        assert found is not None, f"{way} was not measured"
        spreads = [
            other.spread
            for name in self.ways
            if (other := self.estimate(name, question)) is not None and other.seeds > 1
        ]
        sampling = self._sampling(found.mean, question)
        known = [found.spread, *([median(spreads)] if spreads else []), *([sampling] if sampling else [])]
        return max(known) if len(known) > 1 else inf

    def gain(self, way: str, other: str, ask: "Ask") -> "Gain | None":
        """Compare two ways, each by the question that `ask` has for it; None if one was not measured."""
        questions = ask(self, way), ask(self, other)
        if questions[0] is None or questions[1] is None:
            return None
        one, base = self.estimate(way, questions[0]), self.estimate(other, questions[1])
        if one is None or base is None:
            return None
        return Gain(one.mean - base.mean, self.chance(way, questions[0]) + self.chance(other, questions[1]))

    def best_stage(self, way: str) -> Question | None:
        """Ask for the stage whose linear probe is a way's best, by the mean over seeds; None if none was probed."""
        stages = [question for question in self.questions("probe") if (way, question) in self.values]
        return max(stages, key=lambda question: fmean(self.values[way, question]), default=None)

    def deepening(self, way: str) -> "Gain | None":
        """Compare the last stage's probe of a way with its first stage's; None if they were not measured."""
        stages = self.questions("probe")
        found = [self.estimate(way, question) for question in (stages[0], stages[-1])] if stages else [None]
        first, last = found[0], found[-1]
        if first is None or last is None:
            return None
        return Gain(last.mean - first.mean, self.chance(way, stages[0]) + self.chance(way, stages[-1]))

    def missing(self, ways: Sequence[str]) -> list[str]:
        """Return those of the ways that lack any figure which another way has."""
        everything = {question for _, question in self.values}
        return [way for way in ways if any((way, question) not in self.values for question in everything)]

    def _sampling(self, mean: float, question: Question) -> float:
        if question.measure != "accuracy":
            return 0.0
        return float((mean * (1 - mean) / self.sizes.validation) ** 0.5)


Ask = Callable[[Results, str], Question | None]
"""Chooses what a way is asked."""


class Gain(NamedTuple):
    """How much better one way is than another."""

    difference: float
    chance: float  # both ways' `Results.chance` together

    @property
    def verdict(self) -> str:
        """`yes`: better by more than chance; `no`: worse by more than chance; else `open`."""
        if abs(self.difference) <= self.chance:
            return "open"
        return "yes" if self.difference > 0 else "no"
