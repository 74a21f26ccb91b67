"""Fit the spread of hints to a finished network, which runs only once per photograph.

    python -m model.fit_hints --config model/configs/hints.toml --init WEIGHTS --photos PHOTOS --out runs/hints.pt

The spread (`network.HintSpread`) uses only the last map, and the network before it stays as it is. So the
maps of some thousand photographs are kept, and a new spread learns from thousands of draws of hints in minutes on a
CPU. True hints teach it how far to reach, false ones (`false_hints.py`) where to stop.
Without hints the answer stays the same to the bit. Training everything together is `model.train` with `hints`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.progress import Count, Line, left

from .answers import Answer, answer_of
from .checkpoint import load_network
from .losses import at_positions, sparse_positions
from .network import Colorizer, HintSpread
from .predict import SETTINGS
from .train import learning_rate
from .training.augment import augment, generator
from .training.conditions import reveal_hints
from .training.config import RunConfig
from .training.data import HeldPhotos
from .training.false_hints import distances, false_hints, locality
from .training.finish import decoded, expectation_loss
from .training.stored import enlarge

SCALARS = 5.0
"""The learning rate of gains, pulls and reaches relative to that of the features: they have further to go."""


class Seen(NamedTuple):
    """The network's maps of photographs, stored in 16 bits."""

    last: Tensor  # (M,C,S/4,S/4)
    lightness: Tensor  # (M,1,S,S)
    ab: Tensor  # (M,2,S,S)

    def take(self, index: Tensor) -> "Seen":
        """Return some photographs in 32 bits."""
        return Seen(*(kept[index].float() for kept in self))


@torch.no_grad()
def see(network: Colorizer, photos: HeldPhotos, config: RunConfig) -> Seen:
    """Run the network once on every photograph, cropped and aged at random."""
    kept = []
    with Count(photos.size, "seen") as count:
        for number, index in enumerate(
            torch.split(torch.arange(photos.size, device=photos.stored.ab.device), 4)
        ):
            stored = photos.stored.take(index)
            batch = augment(
                stored,
                config.side,
                generator(config.seed, number, device=photos.stored.ab.device),
                age=config.age,
            )
            last = network.last_map(batch.lightness)
            kept.append(Seen(last.half(), batch.lightness.half(), enlarge(batch.ab).half()))
            count.add(len(index))
    return Seen(*(torch.cat(parts) for parts in zip(*kept, strict=True)))


def fit(network: Colorizer, seen: Seen, config: RunConfig) -> list[float]:
    """Train the spread in place; return the losses.

    Raises:
        ModelRejected: the network has no spread, because it does not answer in bins.
    """
    spread = spread_of(network).requires_grad_(True)
    scalars = [parameter for parameter in spread.parameters() if parameter.ndim == 1]
    groups = [{"params": [spread.look.weight], "rate": 1.0}, {"params": scalars, "rate": SCALARS}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.0)
    answer, losses = answer_of(network), list[float]()
    started = time.monotonic()
    with Line() as line:
        for step in range(config.steps):
            loss = drawn_loss(network, answer, seen, config, step)
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * learning_rate(config, step)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
            done = step + 1
            if done % config.log_every == 0 or done == config.steps:
                recent = losses[-config.log_every :]
                rest = left(config.steps - done, done / (time.monotonic() - started))
                line.show(f"step {done}/{config.steps}  loss {sum(recent) / len(recent):.4f}  {rest}")
    return losses


def drawn_loss(network: Colorizer, answer: Answer, seen: Seen, config: RunConfig, step: int) -> Tensor:
    """Return the loss of some photographs with hints, both drawn by seed and step.

    Besides the likelihood, which rewards a small effect on many positions, it includes the error of the colours
    that both ends of the vividness scale choose: that rewards hints with a clear effect. The faithful end reacts less
    and counts more.
    Then each photograph is given a false hint instead, see `false_hints.py`.
    """
    device = seen.ab.device
    random = generator(config.seed, step, device=device)
    chosen = seen.take(torch.randint(len(seen.ab), (config.batch,), generator=random, device=device))
    ab = F.avg_pool2d(chosen.ab, 4)
    positions = sparse_positions(ab, config.positions, random)
    truth = at_positions(ab, positions)

    def told(hints: Tensor | None) -> Tensor:
        return network.tell(chosen.last, chosen.lightness, hints, None, positions)

    logits = told(reveal_hints(chosen.ab, config.hints, random))
    loss = answer.loss(logits[..., 0].transpose(1, 2), truth)
    for setting, share in ((SETTINGS[0], 3 / 4), (SETTINGS[-1], 1 / 4)) if config.expectation else ():
        error = expectation_loss(decoded(answer, logits, setting), truth)
        loss = loss + config.expectation * share * error
    if config.leak or config.unheard:
        false = false_hints(chosen.ab, random)
        with torch.no_grad():
            before = decoded(answer, told(None), SETTINGS[1])
        given = decoded(answer, told(false.hints), SETTINGS[1])
        distance = distances(positions, false.place / 4, ab.shape[-1])
        told_apart = locality(given, before, truth, distance, false)
        loss = loss + config.leak * told_apart.leak() + config.unheard * told_apart.unheard()
    return loss


def spread_of(network: Colorizer) -> HintSpread:
    """Return the network's spread.

    Raises:
        ModelRejected: it has none, because it does not answer in bins.
    """
    if network.spread is None:
        raise ModelRejected("Only a network that answers in bins can spread hints.")
    return network.spread


def renewed(network: Colorizer, config: RunConfig) -> Colorizer:
    """Return the network with a new spread, in the shape that the configuration gives it.

    Raises:
        ModelRejected: it has none, because it does not answer in bins, or the configuration asks for other changes.
    """
    spread_of(network)
    if unknown := set(config.network) - {"spread"}:
        raise ModelRejected(f"Only the network's spread can change here, not {', '.join(unknown)}.")
    match config.network.get("spread", network.config.spread):
        case [int(heads), int(width)] if heads > 0 and width > 0:
            shape = replace(network.config, spread=(heads, width))
        case wrong:
            raise ModelRejected(
                f"A spread is two whole numbers above 0, its heads and their width, not {wrong!r}."
            )
    torch.manual_seed(config.seed)
    new = Colorizer(network.bins, network.log_weight, shape)
    kept = {name: weight for name, weight in network.state_dict().items() if not name.startswith("spread.")}
    new.load_state_dict(kept, strict=False)
    return new.eval().requires_grad_(False)


def fit_hints(
    config: RunConfig, init: Path, sources: Sequence[Path], out: Path, device: str = "cpu"
) -> Colorizer:
    """Fit, and write a checkpoint that `model.evaluate` and `model.export` read.

    Raises:
        PhotochromError: photographs or weights are missing or do not fit.
    """
    network = renewed(load_network(init), config).to(device)
    photos = HeldPhotos.load(sources, config.stored_side, config.batch, config.seed, device, config.limit)
    fit(network, see(network, photos, config), config)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"network": asdict(network.config), "average": network.cpu().state_dict()}, out)
    return network


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m model.fit_hints", description=__doc__.split("\n")[0])
    cli.add_argument("--config", type=Path, required=True, help="a TOML file, see model/configs/hints.toml")
    cli.add_argument("--init", type=Path, required=True, help="weights: a .pt or an exported .onnx")
    cli.add_argument("--photos", type=Path, nargs="+", required=True, help="folders or tars of photographs")
    cli.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    options = vars(cli.parse_args(arguments))
    try:
        sources = options.pop("photos")
        fit_hints(RunConfig.read(options.pop("config")), sources=sources, **options)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
