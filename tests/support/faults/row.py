"""What a fault has come to, as a row of the table in `docs/reliability.md`."""

import statistics
from dataclasses import dataclass, field

from support.queue.inquest import Verdict

HEAD = (
    "| `ARGS` | fault | times | photographs | lost | duplicated | back after, s (median, worst) | also seen |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


@dataclass
class Row:
    """Counts, and every law that was broken, in words."""

    fault: str
    times: int = 0
    photos: int = 0
    lost: int = 0
    duplicated: int = 0
    seconds: list[float] = field(default_factory=list)
    """From each fault until what it hit goes on."""
    also: str = ""
    broken: list[str] = field(default_factory=list)
    command: str = ""
    """What `make test-faults` was told."""

    @property
    def clean(self) -> bool:
        return not (self.broken or self.lost or self.duplicated)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken.append(otherwise)

    def take(self, verdict: Verdict, code: int, said: str) -> None:
        """Count what was found of a batch, and the end of the client that sent it: its exit code and words."""
        self.lost, self.duplicated = verdict.lost, verdict.duplicated
        self.broken += verdict.broken
        self.check(code == 0, f"the client ended with {code}: {said}")

    def __str__(self) -> str:
        cells = (
            f"`{self.command}`",
            self.fault,
            self.times,
            self.photos,
            self.lost,
            self.duplicated,
            f"{statistics.median(self.seconds):.1f}, {max(self.seconds):.1f}" if self.seconds else "-",
            self.also or "-",
        )
        row = "| " + " | ".join(map(str, cells)) + " |"
        return "\n".join([row, *(f"BROKEN: {law}" for law in self.broken)])
