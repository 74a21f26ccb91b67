"""How far a run is: by its steps, or by the clock, and where its time goes.

By the clock any machine that is at hand for some minutes ends with finished weights.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
import torch.distributed as dist

from .config import RunConfig
from .distributed import Ranks


class Clock:
    """Tells the place of a run on its schedule, in steps of the configuration.

    Args:
        config: `steps` is the length of the schedule; warm-up and saves are shares of it.
        minutes: how long all of it takes; None: the schedule goes by steps.
        spent: seconds that earlier processes of the run took.
        ranks: all processes follow the first one's clock, or they would end apart.
    """

    def __init__(self, config: RunConfig, minutes: float | None, spent: float, ranks: Ranks) -> None:
        self.config, self.minutes, self.ranks = config, minutes, ranks
        self.began = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds of all processes of the run so far."""
        return time.monotonic() - self.began

    def at(self, step: int) -> float:
        """Return the place on the schedule after so many steps: 0 to `config.steps`."""
        if self.minutes is None:
            return float(step)
        place = torch.tensor(self.spent / (60 * self.minutes) * self.config.steps, dtype=torch.float64)
        if self.ranks.world > 1:
            place = place.to(self.ranks.device)
            dist.broadcast(place, 0)
        return min(float(place), float(self.config.steps))


class Stopwatch:
    """Where the time of a step goes. It waits for the device at every part, so a run is slower while it counts."""

    def __init__(self, device: str, *, on: bool) -> None:
        self.on, self.device = on, device
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def __call__(self, part: str) -> AbstractContextManager[None]:
        """Count what is done within as a part."""
        return self._count(part) if self.on else nullcontext()

    def __str__(self) -> str:
        total = sum(self.seconds.values()) or 1.0
        return "  ".join(f"{part} {seconds / total:.0%}" for part, seconds in self.seconds.items())

    @contextmanager
    def _count(self, part: str) -> Iterator[None]:
        self._wait()
        began = time.perf_counter()
        yield
        self._wait()
        self.seconds[part] += time.perf_counter() - began

    def _wait(self) -> None:
        if self.device.startswith("cuda"):
            torch.cuda.synchronize(self.device)
