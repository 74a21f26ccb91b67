"""Train both networks at once on what is drawn meanwhile: python -m model.album.train PHOTOS OUT [--minutes 40].

PHOTOS is a folder with tars of blocks (model/training/blocks.py); tars that come later are read, too. OUT gets pages.pt
and sides.pt, the means of the weights, every minute. `--share` leaves a device to others for most of the time.
`--init model/weights/album.onnx` goes on from the shipped weights.
"""

import argparse
import logging
import math
import multiprocessing
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from photochrom.errors import ModelRejected

from ..convolved import settle
from .losses import loss_of_pages, loss_of_sides
from .network import Pages, Sides
from .pools import Batch, Pools
from .stream import Part, draw_into
from .views import Views
from .weights import read

_log = logging.getLogger(__name__)
_DECAY = 0.995
_WARM = 0.03
_SAVED = 60.0  # seconds
_SHOWN = 10.0  # seconds
_SPARE = 10.0  # seconds
_FIRST = 128
"""Pictures that are drawn before the first step."""
_MOST_AT_ONCE = 48
_SETTLING = 8
"""Batches that norms take their first statistics from."""
_PAGES, _PRINTS = 9000, 48_000
"""What is kept on the device: 5 GB."""
_FAILURES = 20


@dataclass
class Learner:
    """A network, its optimizer, and the mean of its weights."""

    network: nn.Module
    loss_of: Callable[..., Tensor]
    draw: Callable[[int], Batch]
    size: int
    """Of a batch."""
    losses: list[float] = field(default_factory=list)
    settled: bool = True
    """Whether the norms have statistics; else they get those of the first batches."""

    def __post_init__(self) -> None:
        self.network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        average = get_ema_multi_avg_fn(_DECAY)  # type: ignore[no-untyped-call]
        self.mean = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self._optimizer = torch.optim.AdamW(self.network.parameters(), 1e-3, weight_decay=1e-4)

    def step(self, rate: float) -> None:
        """Learn from one batch; one whose gradient is no number is left out."""
        if not self.settled:
            self._settle()
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        seen, *truth = self.draw(self.size)
        loss = self.loss_of(self.network, (seen.contiguous(memory_format=torch.channels_last), *truth))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if not math.isfinite(float(norm)):
            _log.warning("A gradient is no number; the step is left out.")
            return
        self._optimizer.step()
        self.mean.update_parameters(self.network)
        self.losses = [*self.losses[-99:], float(loss.detach())]

    def _settle(self) -> None:
        self.network.eval()
        settle(self.network, (self.draw(self.size)[0] for _ in range(_SETTLING)))
        self.network.train()
        self.settled = True

    def save(self, path: Path) -> None:
        """Write the mean of the weights, whole or not at all."""
        partial = path.with_suffix(".partial")
        torch.save({name: value.cpu() for name, value in self.mean.module.state_dict().items()}, partial)
        partial.rename(path)


class Ends:
    """When a run ends: after so many seconds, or shortly before the time (seconds since 1970) that a file says."""

    def __init__(self, seconds: float, file: Path | None) -> None:
        self._began, self._end, self._file = time.time(), time.time() + seconds, file

    @property
    def place(self) -> float:
        """How much of the time has gone, 0 to 1 and more."""
        try:
            end = float(self._file.read_text()) - _SPARE if self._file and self._file.exists() else self._end
        except (OSError, ValueError):
            end = self._end
        return (time.time() - self._began) / max(end - self._began, 1.0)


@dataclass
class Pace:
    """How long steps take, and the pauses between them that leave the device to others."""

    share: float
    """Of the time in which the device may work for this run."""
    began: float = field(default_factory=time.monotonic)
    steps: int = 0
    busy: float = 0.0
    shown: float = -math.inf

    def step(self, learners: dict[str, Learner], rate: float) -> None:
        """Let each learn from one batch, and pause."""
        began = time.monotonic()
        for learner in learners.values():
            learner.step(rate)
        took = time.monotonic() - began
        self.steps, self.busy = self.steps + 1, self.busy + took
        time.sleep(took * (1 / self.share - 1))

    def show(self, learners: dict[str, Learner], drawn: int, place: float) -> None:
        """Log how far the run is, now and then."""
        now = time.monotonic()
        if now - self.shown < _SHOWN:
            return
        self.shown, seconds = now, max(now - self.began, 1e-3)
        losses = "  ".join(f"{name} {_mean(each.losses):.4f}" for name, each in learners.items())
        seen = self.steps * sum(each.size for each in learners.values()) / seconds
        step = 1000 * self.busy / max(self.steps, 1)
        _log.info(
            f"{seconds:.0f} s ({place:.0%}) step {self.steps}  {losses}  drawn {drawn} ({drawn / seconds:.1f}/s)  "
            f"learned {seen:.0f}/s  {step:.0f} ms a step, busy {self.busy / seconds:.0%}"
        )


def train(
    learners: dict[str, Learner],
    pools: Pools,
    drawn: "queue.Queue[Views]",
    out: Path,
    ends: Ends,
    rate: float,
    pace: Pace,
) -> None:
    """Train until the end and write the weights to a folder, whatever fails on the way.

    Args:
        learners: by the name of the file that gets its weights.
        pools: what they draw from.
        drawn: what comes to the pools.
        out: a folder.
        ends: when.
        rate: of learning, at its highest (AdamW, Loshchilov and Hutter 2019); then a cosine down to a hundredth.
        pace: how much of the device it may take.
    """
    saved, failures = time.monotonic(), 0
    while (place := ends.place) < 1 and failures < _FAILURES:
        try:
            _take(drawn, pools)
            if pools.pages.added < min(_FIRST, pools.pages.size / 4):
                time.sleep(0.1)
            else:
                pace.step(learners, rate * _rate_at(place))
            failures = 0
        except Exception as error:
            failures += 1
            _recover(error, learners)
        pace.show(learners, pools.pages.added, place)
        if time.monotonic() - saved > _SAVED:
            saved = time.monotonic()
            _save(learners, out)
    _save(learners, out)


def _recover(error: Exception, learners: dict[str, Learner]) -> None:
    _log.error("A step failed.", exc_info=error)
    if isinstance(error, torch.OutOfMemoryError):
        torch.cuda.empty_cache()
        for learner in learners.values():
            learner.size = max(learner.size // 2, 2)


def _take(drawn: "queue.Queue[Views]", pools: Pools) -> None:
    found = list[Views]()
    with suppress(queue.Empty):
        while len(found) < _MOST_AT_ONCE:
            found.append(drawn.get_nowait())
    pools.add(found)


def _rate_at(place: float) -> float:
    return min(1.0, place / _WARM + 0.01) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(place, 1.0))))


def _mean(values: list[float]) -> float:
    return sum(values) / max(len(values), 1)


def _save(learners: dict[str, Learner], out: Path) -> None:
    for name, learner in learners.items():
        learner.save(out / f"{name}.pt")


def main() -> None:
    """Start the processes that draw, and train."""
    parser = argparse.ArgumentParser(prog="python -m model.album.train", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", type=Path, help="folder of weights to go on from, or the workers' file")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--end", type=Path, help="file with the time of the end, which may come later")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--drawers", type=int, default=4, help="processes that draw")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=128, help="pages; twice as many surroundings of prints")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--memory", type=float, help="gigabytes of a GPU that may be taken")
    parser.add_argument("--kept", type=int, default=_PAGES, help="pages")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    try:
        pages, sides = read(arguments.init) if arguments.init else (Pages(), Sides())
    except ModelRejected as error:
        parser.error(str(error))
    ends = Ends(60 * arguments.minutes, arguments.end)
    context = multiprocessing.get_context("spawn")
    drawn: queue.Queue[Views] = context.Queue(96)  # type: ignore[assignment]
    for number in range(arguments.drawers):
        part = Part(number, arguments.drawers)
        context.Process(
            target=draw_into, args=(drawn, arguments.photos, part, arguments.seed), daemon=True
        ).start()
    device = torch.device(arguments.device)
    if device.type == "cuda" and arguments.memory:
        whole = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, arguments.memory * 1e9 / whole), device)
    pools = Pools(arguments.kept, arguments.kept * _PRINTS // _PAGES, device)
    settled = arguments.init is None or arguments.init.is_dir()
    pages, sides, size = pages.to(device), sides.to(device), arguments.batch
    learners = {
        "pages": Learner(pages, loss_of_pages, pools.draw_pages, size, settled=settled),
        "sides": Learner(sides, loss_of_sides, pools.draw_prints, 2 * size, settled=settled),
    }
    train(learners, pools, drawn, arguments.out, ends, arguments.rate, Pace(arguments.share))


if __name__ == "__main__":
    main()
