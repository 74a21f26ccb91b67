"""Fit a lean decoder to a finished network (distillation), encoder and context standing still.

    python -m model.distil --config model/configs/distil.toml --init WEIGHTS --photos PHOTOS --minutes 75 --out lean.pt

The lean network begins with the factors of the old decoder (`inherit.py`). First each layer is fitted by least squares
(`training/low_rank.py`), which takes a few hundred photographs and does most of the work. Then the decoder alone learns
to say what the old one says: the whole distribution at every place (Hinton et al. 2015), and the colours that both ends
of the vividness scale choose. Both networks read the same maps, so the encoder runs once. The truth of the
photographs is used only to draw hints and palettes.
"""

import argparse
import copy
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path

import torch
from torch import Tensor, nn

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.files import replacing

from .answers import answer_of, divergence
from .checkpoint import load_network
from .losses import SoftTargets, sparse_positions
from .network import Colorizer
from .predict import SETTINGS
from .train import adamw, begin, learning_rate
from .training.augment import Batch, augment, generator
from .training.clock import Clock
from .training.conditions import reveal_hints, reveal_palette
from .training.config import RunConfig
from .training.data import HeldPhotos
from .training.distributed import Ranks
from .training.false_hints import false_hints
from .training.finish import decoded
from .training.log import Log
from .training.low_rank import Read, fit_decoder
from .training.stored import enlarge

LEARN = ("up16.", "up8.", "up4.")
"""Names of the weights that learn."""
_UNIT = 10.0  # ab


@dataclass
class Pupil:
    """A lean network, the mean of its weights over the last steps, and the network that it learns from."""

    network: Colorizer
    average: Colorizer
    teacher: Colorizer
    targets: SoftTargets

    @classmethod
    def of(cls, teacher: Colorizer, config: RunConfig) -> "Pupil":
        """Begin with the factors of the teacher's decoder.

        Raises:
            ModelRejected: the teacher does not answer in bins, or the configuration names no other shape.
        """
        if teacher.config.answer != "classes":
            raise ModelRejected("Only a network that answers in bins can teach its distribution.")
        network = begin(teacher, config)
        if network is teacher:
            raise ModelRejected(
                "The configuration must give the network a leaner decoder than the weights have."
            )
        for name, parameter in network.eval().named_parameters():
            parameter.requires_grad_(name.startswith(LEARN))
        average = copy.deepcopy(network).requires_grad_(False)
        return cls(network, average, teacher.eval().requires_grad_(False), SoftTargets(network.bins))

    def save(self, path: Path) -> None:
        """Write a checkpoint that `model.evaluate` and `model.export` read."""
        with replacing(path) as file:
            torch.save({"network": asdict(self.network.config), "average": self.average.state_dict()}, file)


def conditions(
    batch: Batch, pupil: Pupil, config: RunConfig, step: int, random: torch.Generator
) -> tuple[Tensor | None, Tensor | None]:
    """Draw hints and a palette for some steps: true hints, and every other time false ones, so that none leak more."""
    turn, rest = divmod(step, config.condition_every)
    if rest or not config.hints:
        return None, None
    ab = enlarge(batch.ab)
    hints = false_hints(ab, random).hints if turn % 2 else reveal_hints(ab, config.hints, random)
    bins = len(pupil.network.bins)
    return hints, reveal_palette(batch.ab, pupil.targets, bins, config.palette, random)


def drawn_loss(pupil: Pupil, batch: Batch, config: RunConfig, step: int, random: torch.Generator) -> Tensor:
    """Return how far the lean network's answers to a batch are from its teacher's: a scalar with its graph."""
    hints, palette = conditions(batch, pupil, config, step, random)
    positions = sparse_positions(batch.ab, config.positions, random)
    with torch.no_grad():
        maps, condition = pupil.teacher.see(batch.lightness, hints, palette)
        context = pupil.teacher.context(maps[32], condition)

    def told(network: Colorizer) -> Tensor:
        return network.tell(network.enlarge(context, maps), batch.lightness, hints, palette, positions)

    with torch.no_grad():
        expected = told(pupil.teacher)
    given = told(pupil.network)
    rows = [logits[..., 0].transpose(1, 2) for logits in (expected, given)]  # (N,K,Q)
    loss = divergence(rows[0].softmax(-1), rows[1]).mean()
    for setting in (SETTINGS[0], SETTINGS[-1]) if config.expectation else ():
        answer = answer_of(pupil.teacher)
        way = (decoded(answer, given, setting) - decoded(answer, expected, setting)) / _UNIT
        loss = loss + config.expectation * way.square().sum(-1).mean()
    return loss


def descend(
    pupil: Pupil, optimizer: torch.optim.Optimizer, loss: Tensor, rate: float, decay: float, clip: float
) -> None:
    """Take one step, and move the average by 1 - `decay` of the way."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate"]
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(pupil.network.parameters(), clip)
    optimizer.step()
    with torch.no_grad():
        for kept, new in zip(pupil.average.parameters(), pupil.network.parameters(), strict=True):
            if new.requires_grad:
                kept.lerp_(new, 1 - decay)


def load(sources: Sequence[Path], config: RunConfig, device: str) -> list[HeldPhotos]:
    """Load as many photographs of each source.

    Raises:
        PhotoRejected: too few photographs.
    """
    side, limit = config.stored_side, config.limit and config.limit // len(sources)
    return [HeldPhotos.load([source], side, config.batch, config.seed, device, limit) for source in sources]


def crops(
    held: Sequence[HeldPhotos], config: RunConfig, device: str
) -> Iterator[tuple[Batch, torch.Generator]]:
    """Yield batches of clean crops for ever, of each source in turn."""
    batches = [photos.batches(0) for photos in held]
    for step in count():
        random = generator(config.seed, step, device=device)
        stored = next(batches[step % len(batches)])
        yield augment(stored, config.side, random, smallest=config.crop, age=False), random


@torch.no_grad()
def read(pupil: Pupil, batches: Iterator[tuple[Batch, torch.Generator]], number: int) -> Iterator[Read]:
    """Yield what both decoders read of so many photographs, without hints."""
    for batch, _ in islice(batches, number):
        maps, condition = pupil.teacher.see(batch.lightness)
        yield pupil.teacher.context(maps[32], condition), maps


def distil(
    config: RunConfig,
    init: Path,
    sources: Sequence[Path],
    out: Path,
    device: str = "cpu",
    minutes: float | None = None,
) -> Colorizer:
    """Fit, writing a checkpoint at every save; return the averaged network.

    Raises:
        PhotochromError: photographs or weights are missing or do not fit.
    """
    pupil = Pupil.of(load_network(init).to(device), config)
    out.parent.mkdir(parents=True, exist_ok=True)
    for network in (pupil.network, pupil.average, pupil.teacher):
        network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer, ranks = adamw(pupil.network, config), Ranks(0, 1, device)
    held = load(sources, config, device)
    batches, photos = crops(held, config, device), sum(source.size for source in held)
    if config.fit:
        fit_decoder(pupil.teacher, pupil.network, list(read(pupil, batches, config.fit // config.batch)))
        pupil.average.load_state_dict(pupil.network.state_dict())
        pupil.save(out)
    clock, step, place = Clock(config, minutes, 0.0, ranks), 0, 0.0
    with Log(out.with_suffix(".csv"), config, ranks, photos, resume=False) as log:
        while place < config.steps:
            batch, random = next(batches)
            loss, rate = drawn_loss(pupil, batch, config, step, random), learning_rate(config, place)
            descend(pupil, optimizer, loss, rate, min(config.average, (1 + step) / (10 + step)), config.clip)
            step += 1
            before, place = place, clock.at(step)
            log.step(step, loss, rate, None if minutes is None else place)
            if place // config.save_every > before // config.save_every or place >= config.steps:
                pupil.save(out)
    return pupil.average


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m model.distil", description=__doc__.split("\n")[0])
    cli.add_argument("--config", type=Path, required=True, help="a TOML file, see model/configs/distil.toml")
    cli.add_argument(
        "--init", type=Path, required=True, help="the finished weights: a .pt or an exported .onnx"
    )
    cli.add_argument("--photos", type=Path, nargs="+", required=True, help="folders or tars of photographs")
    cli.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    cli.add_argument("--minutes", type=float, help="minutes for the whole schedule, whatever a step takes")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    options = vars(cli.parse_args(arguments))
    try:
        sources = options.pop("photos")
        distil(RunConfig.read(options.pop("config")), sources=sources, **options)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
