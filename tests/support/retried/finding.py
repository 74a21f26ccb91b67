"""One finding that is tried again: a function that returns what came of it, and fails where the finding holds again."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from support.retried.ways import Ways

Try = Callable[[Ways], str]


@dataclass(frozen=True)
class Finding:
    """What is tried, and how."""

    name: str
    tried: str
    run: Try


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    finding: Finding
    held: bool
    """Whether the service held, and not the finding."""
    said: str
    seconds: float

    def __str__(self) -> str:
        said = self.said if self.held else f"**HOLDS AGAIN**: {self.said}"
        cells = (self.finding.name, self.finding.tried, " ".join(said.split()), f"{self.seconds:.0f}")
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


HEAD = "| finding | tried | result | s |\n| --- | --- | --- | --- |"
FINDINGS: dict[str, Finding] = {}


def finding(name: str, tried: str) -> Callable[[Try], Try]:
    """Enter a function into the table."""

    def enter(run: Try) -> Try:
        FINDINGS[name] = Finding(name, tried, run)
        return run

    return enter


def outcome(found: Finding, ways: Ways) -> Outcome:
    """Try it; whatever goes wrong is told, and does not keep the others from being tried."""
    started = time.monotonic()
    try:
        said, held = found.run(ways), True
    except Exception as error:
        said, held = f"{type(error).__name__}: {error}"[:400], False
    return Outcome(found, held, said, time.monotonic() - started)
