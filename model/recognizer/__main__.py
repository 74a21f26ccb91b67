"""Fit and write the recognizer of old film.

python -m model.recognizer --photos PHOTOS.tar --validation VAL.tar --weights photochrom.onnx --out recognizer.onnx
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor

from photochrom.errors import PhotochromError
from photochrom.photo.cards.recognizer import RecognizerCard

from ..checkpoint import load_network
from .export import export
from .fit import Examples, fit, threshold
from .network import SIDE, Recognizer
from .photographs import pairs

MOST_TAKEN = 0.3
"""Modern photographs lose 0.1 dB by the weights for film, so that all of them together lose less than 0.05."""
_TABLE = (-1.0, 0.0, 1.0, 2.0)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.recognizer", description=__doc__)
    cli.add_argument("--photos", type=Path, required=True, help="tar of colour photographs to fit to")
    cli.add_argument("--validation", type=Path, required=True, help="others, for threshold and errors")
    cli.add_argument("--weights", type=Path, required=True, help="a colorizer, whose encoder is used")
    cli.add_argument("--out", type=Path, required=True, help="the .onnx to write")
    cli.add_argument("--version", default="1.0.0")
    cli.add_argument("--count", type=int, default=4000, help="photographs to fit to")
    cli.add_argument("--validate", type=int, default=600, help="photographs that errors are measured on")
    cli.add_argument(
        "--most", type=float, default=MOST_TAKEN, help="share of modern photographs taken for old"
    )
    cli.add_argument("--seed", type=int, default=1)
    return cli


@torch.inference_mode()
def examples(recognizer: Recognizer, source: Path, count: int, seed: int) -> Examples:
    """Return the features of photographs as they are and on film."""
    found: list[tuple[Tensor, Tensor]] = []
    for clean, film in pairs(source, count, seed):
        found.append((recognizer.features(clean), recognizer.features(film)))
        sys.stderr.write(f"\r{sum(len(one) for one, _ in found)} photographs")
    sys.stderr.write("\n")
    clean, film = (torch.cat(part) for part in zip(*found, strict=True))
    return Examples(clean.clone(), film.clone())


def table(clean: Tensor, film: Tensor, chosen: float) -> str:
    """Return the errors of logits (N,) at the chosen threshold and at others as a Markdown table."""
    rows = ["| threshold | modern taken for old film | simulated film found |", "| ---: | ---: | ---: |"]
    rows += [
        f"| {at:.2f} | {_share(clean, at):.0%} | {_share(film, at):.0%} |" for at in sorted((chosen, *_TABLE))
    ]
    return "\n".join(rows)


def _share(logits: Tensor, at: float) -> float:
    return round(float((logits > at).float().mean()), 3)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = parser().parse_args(arguments)
    try:
        recognizer = Recognizer(load_network(given.weights))
        learned = examples(recognizer, given.photos, given.count, given.seed)
        fit(recognizer, learned)
        held = examples(recognizer, given.validation, given.validate, given.seed + 1)
        with torch.inference_mode():
            clean, film = (recognizer.plane(part)[:, 0] for part in (held.clean, held.film))
        # Errors are those of other photographs than the threshold was set by.
        at = threshold(clean[::2], given.most)
        clean, film = clean[1::2], film[1::2]
        card = RecognizerCard(
            version=given.version,
            side=SIDE,
            threshold=at,
            modern_taken=_share(clean, at),
            film_found=_share(film, at),
            measured=f"{len(clean)} validation photographs, each as it is and as simulated film shows it; "
            "the threshold was set by others",
            weights_sha256="0" * 64,
        )
        apart = export(recognizer, card, given.out)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size = given.out.stat().st_size / 1e6
    sys.stdout.write(f"{table(clean, film, at)}\n\n{given.out}: {size:.1f} MB, threshold {at:.2f}, ")
    sys.stdout.write(f"within {apart:.4f} of torch in the logit\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
