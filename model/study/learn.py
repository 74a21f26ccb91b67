"""Learning: one loop for all ways, from a seed to an encoder; what was interrupted goes on to the same bits."""

import math
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from photochrom.errors import ModelRejected
from photochrom.files import replacing
from photochrom.progress import Count

from ..training.augment import generator
from ..training.data import HeldPhotos
from .budget import Budget
from .encoder import Encoder
from .gradients import agreements
from .learner import Learner
from .material import Material
from .photographs import Batch, view
from .plans import PLANS
from .schedule import share_of_rate
from .tables import GRADIENTS, LOG, Table
from .ways.clustering import cluster
from .ways.labels import Labels

_WARMUP, _LAST, _CLIP = 0.05, 0.01, 1.0
_VIEWS, _TASKS, _COMPARED = range(3)  # what random numbers are drawn for


class Learning:
    """A way with a seed on its course through the budget.

    Args:
        way: one of `PLANS`.
        seed: of filters, photographs and all that is random.
        material: what is learned from.
        budget: how much of it.
        folder: of the run; a checkpoint in it is gone on from.
        quiet: show no progress.

    Raises:
        ModelRejected: the checkpoint is of another network.
    """

    def __init__(
        self, way: str, seed: int, material: Material, budget: Budget, folder: Path, *, quiet: bool = False
    ) -> None:
        self.way, self.seed, self.budget, self.folder, self.quiet = way, seed, budget, folder, quiet
        self.device = material.photographs.ab.device
        torch.manual_seed(seed)  # every way of a seed begins with the same filters
        self.learner = Learner(PLANS[way], material.known).to(self.device).train()
        labelled = Labels in PLANS[way].tasks
        self.photographs = material.labelled if labelled else material.photographs
        self.labels = material.labels if labelled else None
        weights = [*self.learner.parameters()]
        fused = self.device.type == "cuda"  # so small a network waits for the launches of kernels
        self.optimizer = torch.optim.AdamW(
            weights, budget.rate, (0.9, 0.99), weight_decay=budget.decay, fused=fused
        )
        self.step, self.seconds = 0, 0.0
        self.log, self.agreements = Table(folder / "log.csv", LOG), Table(folder / "gradients.csv", GRADIENTS)
        self._state = folder / "state.pt"
        if self._state.exists():
            self._resume()

    def learn(self, until: int | None = None) -> Encoder:
        """Take all steps that are left, or those before `until`; return what was learned."""
        match PLANS[self.way].mixing:
            case "nothing":
                pass
            case "clustering":
                self._cluster()
            case _:
                self._descend(min(self.budget.steps, until or self.budget.steps))
        return self.learner.encoder()

    def batches(self, step: int, kind: int = _VIEWS) -> Iterator[Batch]:
        """Yield views of photographs from a step on, for ever: a function of the seed and the step alone."""
        held = HeldPhotos(self.photographs, min(self.budget.batch, len(self.photographs.ab)), self.seed)
        for number, stored in enumerate(held.batches(step), step):
            yield view(stored, self.budget.crop, self._random(number, kind), self.labels)

    def _descend(self, last: int) -> None:
        losses: list[Tensor] = []
        batches, before, began = self.batches(self.step), self.seconds, time.monotonic()
        saved = began
        total, doing = (last - self.step) * self.budget.batch, f"{self.way}, seed {self.seed}: saw"
        with Count(total, doing, quiet=self.quiet) as count:
            while self.step < last:
                self._compare()
                losses.append(self._take_step(next(batches)))
                self.step += 1
                self._keep_snapshot()
                if self.step % self.budget.log_every and self.step < last:
                    continue
                now = time.monotonic()
                self.seconds = before + now - began
                loss = float(torch.stack(losses).mean())
                self.log.add([(self.step, f"{loss:.5f}", f"{self.seconds / 60:.3f}")])
                count.report(count.done + len(losses) * self.budget.batch, f"loss {loss:.4f}")
                losses.clear()
                if now - saved >= self.budget.save_seconds or self.step == last:
                    self._save()
                    saved = now

    def _take_step(self, batch: Batch) -> Tensor:
        for group in self.optimizer.param_groups:
            group["lr"] = self.budget.rate * share_of_rate(self.step, self.budget.steps, _WARMUP, _LAST)
        random = self._random(self.step, _TASKS)
        with torch.autocast(self.device.type, torch.bfloat16, self.device.type == "cuda"):
            loss: Tensor = self.learner(batch, self.step, random)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.learner.parameters(), _CLIP)
        self.optimizer.step()
        return loss.detach()

    def _compare(self) -> None:
        """Note how two tasks' gradients agree, some times over the course of learning."""
        shared, every = self.learner.shared, max(1, self.budget.steps // max(1, self.budget.gradients))
        if shared is None or not self.budget.gradients or self.step % every:
            return
        encoder, tasks = shared
        batches = self.batches(self.step, _COMPARED)
        found = agreements(encoder, tasks, (next(batches), next(batches)), self._random(self.step, _COMPARED))
        self.agreements.add((self.step, row.stage, *(f"{x:.4f}" for x in row[1:])) for row in found)

    def _cluster(self) -> None:
        began, count = time.monotonic(), math.ceil(self.budget.clustered / self.budget.batch)
        parts = [batch.inputs for batch in islice(self.batches(0), count)]
        encoder = self.learner.encoder()
        distortions = cluster(encoder, parts, self._random(0, _TASKS))
        minutes = (time.monotonic() - began) / 60
        self.log.keep(lambda _: False)
        self.log.add((stage, f"{one:.5f}", f"{minutes:.3f}") for stage, one in enumerate(distortions, 1))

    def _keep_snapshot(self) -> None:
        for share in self.budget.snapshots if self.way in self.budget.decisive else ():
            if self.step == max(1, round(share * self.budget.steps)):
                self.learner.encoder().write(snapshot_path(self.folder, share))

    def _save(self) -> None:
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "learner": self.learner.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        with replacing(self._state) as file:
            torch.save(state, file)

    def _resume(self) -> None:
        state = torch.load(self._state, map_location=self.device, weights_only=True)
        try:
            self.learner.load_state_dict(state["learner"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            raise ModelRejected(f"{self._state} is of another network: choose another --out.") from error
        self.step, self.seconds = state["step"], state["seconds"]
        self.log.keep(lambda row: int(row["step"]) <= self.step)
        self.agreements.keep(lambda row: int(row["step"]) < self.step)

    def _random(self, step: int, kind: int) -> torch.Generator:
        return generator(self.seed, step, kind, device=self.device)


def learned(way: str, seed: int, material: Material, budget: Budget, folder: Path) -> Path:
    """Learn if it was not done yet, and return the path of `encoder.pt`.

    Raises:
        ModelRejected: the folder holds a run of another network.
    """
    path = folder / "encoder.pt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        Learning(way, seed, material, budget, folder).learn().write(path)
        (folder / "state.pt").unlink(missing_ok=True)
    return path


def snapshot_path(folder: Path, share: float) -> Path:
    """Return the file of the encoder after a share of learning."""
    return folder / f"encoder-{round(100 * share):02}.pt"
