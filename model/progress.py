"""The progress line of a run and its `log.csv`."""

import csv
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .config import RunConfig
from .ranks import Ranks


class Log:
    """The progress line and `log.csv` (step, seconds, loss, rate, and figures when validated)."""

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
        self.path, self.config, self.speaks, self.photos = path, config, ranks.first, photos
        self.started = self.since = time.monotonic()
        self.losses: list[Tensor] = []
        if self.speaks and not (resume and path.exists()):
            self._write("w", dict(zip(self.FIELDS, self.FIELDS, strict=True)))

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        """Note one step; every `log_every` write the mean loss."""
        self.losses.append(loss.detach())
        if step % self.config.log_every and step != self.config.steps:
            return
        mean, now = float(torch.stack(self.losses).mean()), time.monotonic()
        seconds, steps = now - self.since, len(self.losses)
        self.since, self.losses = now, []
        if self.speaks:
            row = {"step": step, "seconds": f"{now - self.started:.1f}", "loss": f"{mean:.5f}"}
            self._write("a", {**row, "learning_rate": f"{rate:.3e}"})
            left = (self.config.steps - step) * seconds / steps / 60
            speed, epoch = steps * self.config.batch / seconds, step * self.config.batch / self.photos
            sys.stderr.write(
                f"\rstep {step}/{self.config.steps}  epoch {epoch:.1f}  {speed:.0f} photos/s  "
                f"loss {mean:.4f}  lr {rate:.2e}  {left:.1f} min left   "
            )

    def validated(self, step: int, figures: dict[str, float]) -> None:
        """Note figures and show them."""
        self._write("a", {"step": step, **{name: f"{value:.3f}" for name, value in figures.items()}})
        shown = "  ".join(f"{name} {value:.2f}" for name, value in figures.items())
        sys.stderr.write(f"\nstep {step}  {shown}\n")

    def _write(self, mode: str, row: dict[str, Any]) -> None:
        with self.path.open(mode, newline="") as file:
            csv.DictWriter(file, self.FIELDS).writerow(row)
