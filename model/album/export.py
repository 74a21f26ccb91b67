"""Write both networks as one ONNX file in fp16: python -m model.album.export WEIGHTS album.onnx --version 1.0.0.

WEIGHTS is a folder with pages.pt and sides.pt. What the graph takes and answers: `photochrom.photo.cards.album`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

from photochrom.errors import ModelRejected
from photochrom.photo.cards.album import AlbumCard

from ..convolved import folded
from ..export import store, stored_weights, traced, weights_sha256
from .crossings import SHARE
from .losses import decoded
from .network import PAGE_SIDE, PRINT_SIDE, Pages, Sides
from .weights import read

OPSET = 20
TOLERANCE = 0.05
"""Of logits, and of what lies between 0 and 1: fp16 weights move them by less."""
INPUTS, OUTPUTS = ("page", "prints"), ("votes", "is_page", "sides", "is_one")
PAGE_ODDS, PRINT_ODDS = 2.3, 0.0
"""Of 480 single photographs one lies above it, of 120 pages none below."""


class Both(nn.Module):
    """Both networks."""

    def __init__(self, pages: Pages, sides: Sides) -> None:
        super().__init__()
        self.pages, self.sides = folded(pages), folded(sides)


class Answers(nn.Module):
    """What the file holds: both networks between bytes and what is meant."""

    def __init__(self, network: Both) -> None:
        super().__init__()
        self.network = network

    def forward(self, page: Tensor, prints: Tensor) -> tuple[Tensor, ...]:
        answer, is_page = self.network.pages(page.permute(0, 3, 1, 2).float())
        distances, angle = decoded(answer)
        votes = torch.cat([answer[:, :1], distances, angle[:, None]], 1)
        crossed, is_one = self.network.sides(prints.permute(0, 3, 1, 2).float())
        left, upper, right, lower = crossed.unbind(1)
        sides = torch.stack([left, upper.mT, right, lower.mT], 1).softmax(-1)
        return votes, is_page, sides, is_one


def build(network: Both, version: str) -> onnx.ModelProto:
    """Turn the networks into an ONNX model with a card in its metadata."""
    from torch.export import Dim  # loads as much as torch itself, for tracing alone

    sizes = (2, PAGE_SIDE, PAGE_SIDE, 3), (3, PRINT_SIDE, PRINT_SIDE, 3)
    given = tuple(torch.randint(0, 256, size, dtype=torch.uint8) for size in sizes)
    shapes = ({0: Dim("p", min=1, max=64)}, {0: Dim("n", min=1, max=256)})
    model = traced(Answers(network).eval(), given, INPUTS, OUTPUTS, shapes, OPSET)
    weights = stored_weights(network, "fp16")
    store(model, weights)
    card = AlbumCard(
        version=version,
        page_side=PAGE_SIDE,
        print_side=PRINT_SIDE,
        share=SHARE,
        page_odds=PAGE_ODDS,
        print_odds=PRINT_ODDS,
        weights_sha256=weights_sha256(weights),
    )
    onnx.helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    return model


def difference(network: Both, model: onnx.ModelProto) -> float:
    """Return the largest difference between torch and ONNX Runtime, in what `TOLERANCE` is of."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    random = torch.Generator().manual_seed(1)
    sizes = (1, PAGE_SIDE, PAGE_SIDE, 3), (2, PRINT_SIDE, PRINT_SIDE, 3)
    page, prints = (torch.randint(0, 256, size, generator=random, dtype=torch.uint8) for size in sizes)
    given = session.run(None, {"page": page.numpy(), "prints": prints.numpy()})
    with torch.inference_mode():
        wanted = [each.numpy() for each in Answers(network).eval()(page, prints)]
    # Distances grow with their logarithms: a share of them counts.
    given[0][:, 1:5], wanted[0][:, 1:5] = np.log(given[0][:, 1:5]), np.log(wanted[0][:, 1:5])
    return max(float(np.abs(a - b).max()) for a, b in zip(given, wanted, strict=True))


def export(network: Both, version: str, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `TOLERANCE`; nothing is written then.
    """
    model = build(network, version)
    apart = difference(network, model)
    if not apart <= TOLERANCE:
        raise ModelRejected(f"ONNX differs from torch by {apart}.")
    out.write_bytes(model.SerializeToString(deterministic=True))
    return apart


def main() -> None:
    """Read the weights and write the file."""
    parser = argparse.ArgumentParser(prog="python -m model.album.export", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--version", default="1.0.0")
    arguments = parser.parse_args()
    apart = export(Both(*read(arguments.weights)), arguments.version, arguments.out)
    sys.stdout.write(f"{arguments.out}: within {apart:.3f} of torch\n")


if __name__ == "__main__":
    main()
