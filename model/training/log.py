"""The log of a run: its line on stderr and its `log.csv`."""

import csv
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photochrom.progress import Line, left

from .config import RunConfig
from .distributed import Ranks


class Log(Line):
    """The line, and `log.csv` (step, seconds, loss, rate, and figures when validated)."""

    FIELDS = (
        "step",
        "seconds",
        "loss",
        "learning_rate",
        "psnr_faithful",
        "rmse_ab_faithful",
        "psnr_vivid",
        "colourfulness_vivid",
    )

    def __init__(self, path: Path, config: RunConfig, ranks: Ranks, photos: int, *, resume: bool) -> None:
        super().__init__(quiet=not ranks.first)
        self.path, self.config, self.photos = path, config, photos
        self.started = self.since = time.monotonic()
        self.first: float | None = None  # place of this process' first step
        self.losses: list[Tensor] = []
        if not self.quiet and not (resume and path.exists()):
            self._write("w", dict(zip(self.FIELDS, self.FIELDS, strict=True)))

    def step(self, step: int, loss: Tensor, rate: float, place: float | None = None) -> None:
        """Note one step; every `log_every` write the mean loss.

        `place` is its position on the schedule of `config.steps`, if the schedule goes by the clock and not by steps.
        """
        by_clock, place = place is not None, float(step) if place is None else place
        self.first = place if self.first is None else self.first
        self.losses.append(loss.detach())
        if step % self.config.log_every and place < self.config.steps:
            return
        mean, now = float(torch.stack(self.losses).mean()), time.monotonic()
        seconds, steps = now - self.since, len(self.losses)
        self.since, self.losses = now, []
        if not self.quiet:
            row = {"step": step, "seconds": f"{now - self.started:.1f}", "loss": f"{mean:.5f}"}
            self._write("a", {**row, "learning_rate": f"{rate:.3e}"})
            # From all steps so far: saving and validating take their time again.
            own, total = place - self.first + 1, self.config.steps
            rest = left(total - place, own / (now - self.started))
            speed, epoch = steps * self.config.batch / seconds, step * self.config.batch / self.photos
            self.show(
                f"step {step}{f' ({place / total:.0%})' if by_clock else f'/{total}'}  epoch {epoch:.1f}  "
                f"{speed:.0f} photos/s  loss {mean:.4f}  lr {rate:.2e}  {rest}"
            )

    def validated(self, step: int, figures: dict[str, float], seconds: float) -> None:
        """Record figures and show them; the `seconds` that they took do not count for the rate of training."""
        self.since += seconds
        self._write("a", {"step": step, **{name: f"{value:.3f}" for name, value in figures.items()}})
        shown = "  ".join(f"{name} {value:.2f}" for name, value in figures.items())
        self.end(f"step {step}  {shown}")

    def _write(self, mode: str, row: dict[str, Any]) -> None:
        with self.path.open(mode, newline="") as file:
            csv.DictWriter(file, self.FIELDS).writerow(row)
