"""The whole study: every way learns, every encoder is tried, and what an earlier run has done is not done again."""

import json
import math
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom.errors import ModelRejected, PhotoRejected
from photochrom.files import replacing
from photochrom.progress import Line

from ..training.stored import Stored
from .budget import Budget
from .clock import fitting, measure, said_of
from .encoder import Encoder
from .labelled import Labelled, Sets, read_sets
from .learn import learned, snapshot_path
from .material import gather
from .photographs import hold
from .sizes import Sizes
from .tables import COSTS, RESULTS, SNAPSHOTS, Table
from .uses import probe
from .uses.every import USES

_FREE = {"ways", "seeds", "decisive", "decisive_seeds", "snapshots", "log_every", "save_seconds"}
"""Fields of a budget that may change between two runs: no figure depends on them."""


class Study:
    """A budget at work in its folder.

    Args:
        budget: how much of everything.
        photos: folders or tars to learn from.
        probes: the folder of the labelled sets.
        folder: of results and runs; created if it is missing.
        device: cpu or cuda.
        minutes: the views are reduced until all ends in these minutes, and no run begins after them.

    Raises:
        PhotoRejected: photographs or labelled sets are missing.
        ModelRejected: the folder holds a study of another budget or of other photographs; the minutes are too few.
    """

    def __init__(
        self,
        budget: Budget,
        photos: Sequence[Path],
        probes: Path,
        folder: Path,
        device: str = "cpu",
        minutes: float = math.inf,
    ) -> None:
        self.folder, self.device = folder, device
        self.ends = time.monotonic() + 60 * minutes
        self.results = Table(folder / "results.csv", RESULTS)
        self.snapshots = Table(folder / "snapshots.csv", SNAPSHOTS)
        self.sets = on_device(read_sets(*labelled_paths(probes)), device)
        stored = hold(photos, budget.photographs, folder.parent / f"photographs-{budget.photographs}.pt")
        train, classes = self.sets.train.first(budget.uses.train), int(self.sets.train.labels.max()) + 1
        self.material = gather(stored, train.lightness, train.labels, classes, budget.widths)
        self.budget = budget if math.isinf(minutes) else self._in_time(budget)
        self._claim(stored)

    def run(self, only: Sequence[str] = ()) -> None:
        """Do what is missing, way by way; with `only`, of those ways."""
        runs = [(way, seed) for way, seed in self.budget.runs() if not only or way in only]
        with Line() as line:
            for number, (way, seed) in enumerate(runs, 1):
                if time.monotonic() > self.ends:
                    line.end("The minutes are over; the same command goes on from here.")
                    return
                line.end(f"{number} of {len(runs)}: {way}, seed {seed}")
                self.run_one(way, seed)

    def run_one(self, way: str, seed: int) -> None:
        """Let one way learn with one seed, and try its encoder."""
        folder = self.folder / way / f"seed{seed}"
        encoder = Encoder.read(learned(way, seed, self.material, self.budget, folder)).to(self.device)
        for use in USES:
            self._try(use, encoder, way, seed)
        for share in self.budget.snapshots:
            if snapshot_path(folder, share).exists():
                self._try_snapshot(Encoder.read(snapshot_path(folder, share)), way, seed, share)

    def _try(self, use: str, encoder: Encoder, way: str, seed: int) -> None:
        done = ((row["way"], row["seed"], row["use"]) for row in self.results.rows())
        if (way, str(seed), use) not in done:
            figures = USES[use](encoder, self.sets, self.budget.uses, seed)
            self.results.add((way, seed, *figure[:-1], f"{figure.value:.5f}") for figure in figures)

    def _try_snapshot(self, encoder: Encoder, way: str, seed: int, share: float) -> None:
        done = ((row["way"], row["seed"], row["learned"]) for row in self.snapshots.rows())
        if (way, str(seed), str(share)) not in done:
            figures = probe.run(encoder.to(self.device), self.sets, self.budget.uses, seed)
            self.snapshots.add((way, seed, share, figure.stage, f"{figure.value:.5f}") for figure in figures)

    def _in_time(self, budget: Budget) -> Budget:
        """Reduce the views to those that fit into the minutes, or to those of the run that goes on."""
        path, costs = self.folder / "budget.json", Table(self.folder / "costs.csv", COSTS)
        if path.exists():
            return budget.model_copy(update={"views": json.loads(path.read_text())["views"]})
        with Line() as line:
            line.show("timing every way and every use")
            found = measure(budget, self.material, self.sets)
            costs.keep(lambda _: False)  # of a run that was interrupted meanwhile
            costs.add([("view", way, f"{seconds:.3e}") for way, seconds in found.photograph.items()])
            costs.add([("use", use, f"{seconds:.3f}") for use, seconds in found.use.items()])
            fitted = fitting(budget, found, self.ends - time.monotonic())
            line.end(said_of(fitted, found))
        return fitted

    def _claim(self, stored: Stored) -> None:
        """Write what the figures depend on, or compare it with what an earlier run wrote."""
        path, now = (
            self.folder / "budget.json",
            _identity(self.budget, stored, Sizes.of(self.sets, self.budget.uses)),
        )
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                file.write(json.dumps(now, indent=1).encode())
        elif json.loads(path.read_text()) != now:
            raise ModelRejected(
                f"{self.folder} holds a study of another budget or of other photographs: choose another --out."
            )


def labelled_paths(folder: Path) -> tuple[Path, Path]:
    """Find Tiny-ImageNet (as distributed, or an `.npz`) and CamVid (`.npz`) in a folder.

    Raises:
        PhotoRejected: one is missing.
    """
    classes = [*folder.glob("tiny-imagenet-200/"), *sorted(folder.glob("tiny-imagenet*.npz"))]
    streets = sorted(folder.glob("camvid*.npz"))
    if not classes or not streets:
        raise PhotoRejected(
            f"{folder} needs tiny-imagenet-200/ or tiny-imagenet*.npz, and camvid*.npz; see docs/model.md."
        )
    return classes[0], streets[0]


def on_device(sets: Sets, device: str) -> Sets:
    """Return the labelled sets on a device."""
    return Sets(*(Labelled(*(part.to(device) for part in labelled)) for labelled in sets))


def _identity(budget: Budget, stored: Stored, sizes: Sizes) -> dict[str, Any]:
    checked = zlib.crc32(stored.ab.numpy().tobytes(), zlib.crc32(stored.lightness.numpy().tobytes()))
    fields = {name: value for name, value in budget.model_dump(mode="json").items() if name not in _FREE}
    return {**fields, "held": len(stored.ab), "checksum": checked, "sizes": sizes.model_dump(mode="json")}
