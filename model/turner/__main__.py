"""Fit and write the network that tells which way a photograph is up.

python -m model.turner --photos PHOTOS.tar --validation VAL.tar --weights photochrom.onnx --out turner.onnx
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor

from photochrom.errors import PhotochromError
from photochrom.photo.cards.turner import TurnerCard

from ..checkpoint import load_network
from ..recognizer.photographs import pairs
from .export import export
from .fit import decided, fit, maps_of, shares
from .network import SIDE, Turner

_TABLE = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.turner", description=__doc__)
    cli.add_argument("--photos", type=Path, required=True, help="tar of upright colour photographs to fit to")
    cli.add_argument("--validation", type=Path, required=True, help="others, for its errors")
    cli.add_argument("--weights", type=Path, required=True, help="a colorizer, whose encoder is used")
    cli.add_argument("--out", type=Path, required=True, help="the .onnx to write")
    cli.add_argument("--version", default="1.0.0")
    cli.add_argument("--count", type=int, default=3000, help="photographs to fit to")
    cli.add_argument("--validate", type=int, default=1200, help="photographs that errors are measured on")
    cli.add_argument("--epochs", type=int, default=8)
    cli.add_argument("--threshold", type=float, default=0.9, help="how likely a turn must be to be made")
    cli.add_argument("--seed", type=int, default=1)
    return cli


def examples(turner: Turner, source: Path, count: int, seed: int) -> Tensor:
    """Return the maps (N,4,C,h,w) of photographs, of every other one as old film shows it."""
    found = []
    for clean, film in pairs(source, count, seed):
        every_other = (torch.arange(len(clean)) % 2 == 0)[:, None, None, None]
        found.append(maps_of(turner, torch.where(every_other, clean, film)))
        sys.stderr.write(f"\r{sum(map(len, found))} photographs")
    sys.stderr.write("\n")
    return torch.cat(found).clone()


def table(likely: Tensor, chosen: float) -> str:
    """Return the errors of shares (N,4) at the chosen threshold and at others as a Markdown table."""
    rows = ["| surer than | decided | wrong |", "| ---: | ---: | ---: |"]
    for at in sorted({chosen, *_TABLE}):
        sure, wrong = decided(likely, at)
        rows.append(f"| {at:.2f} | {sure:.0%} | {wrong:.1%} |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = parser().parse_args(arguments)
    try:
        turner = Turner(load_network(given.weights))
        learned = examples(turner, given.photos, given.count, given.seed)
        for epoch, loss in enumerate(fit(turner, learned, given.epochs, given.seed), 1):
            sys.stderr.write(f"epoch {epoch}: {loss:.3f}\n")
        likely = shares(turner, examples(turner, given.validation, given.validate, given.seed + 1))
        sure, wrong = decided(likely, given.threshold)
        card = TurnerCard(
            version=given.version,
            side=SIDE,
            threshold=given.threshold,
            decided=round(sure, 3),
            wrong=round(wrong, 4),
            measured=f"{len(likely)} validation photographs in their four turns, every other one as simulated film "
            "shows it",
            weights_sha256="0" * 64,
        )
        apart = export(turner, card, given.out)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{table(likely, given.threshold)}\n\n{given.out}: ")
    sys.stdout.write(f"{given.out.stat().st_size / 1e6:.1f} MB, within {apart:.4f} of torch in the logit\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
