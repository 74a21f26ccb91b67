"""Lay weights between those of two networks, one of which was trained from the other.

    python -m model.between --from model/weights/photochrom.onnx --to film.onnx --share 0.75 --out between.pt

Training for one kind of photograph moves weights away from what they knew of all others. A network whose weights lie on
the straight line between before and after often keeps most of both (Wortsman et al. 2022, "Robust fine-tuning of
zero-shot models"). Only the named parts move, here what looks; what decides on colours stays that of the trained one.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.files import replacing

from .checkpoint import load_network
from .network import Colorizer

LOOKING = ("encoder", "context")
"""The parts before the decoder: a lean decoder's factors have no counterpart in another's."""


@torch.no_grad()
def between(start: Colorizer, end: Colorizer, share: float, parts: tuple[str, ...] = LOOKING) -> Colorizer:
    """Return `end`, with the weights and statistics of `parts` that share of the way from `start`.

    Args:
        start: what `end` was trained from.
        end: changed in no way.
        share: 0 takes the parts of `start`, 1 those of `end`.
        parts: names of the network's parts.

    Raises:
        ModelRejected: a part is missing or has another shape.
    """
    network = Colorizer(end.bins, end.log_weight, end.config).eval()
    network.load_state_dict(end.state_dict())
    for part in parts:
        for name, tensor in _tensors(network, part).items():
            other = _tensors(start, part).get(name)
            if other is None or other.shape != tensor.shape:
                raise ModelRejected(f"The two networks differ in the shape of {part}.{name}.")
            if tensor.is_floating_point():
                tensor.copy_(other.lerp(tensor, share))
    return network


def _tensors(network: Colorizer, part: str) -> dict[str, torch.Tensor]:
    """Return a part's weights and statistics by name, for writing in place."""
    try:
        return network.get_submodule(part).state_dict()
    except AttributeError as error:
        raise ModelRejected(f"The network has no part {part}.") from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m model.between", description=__doc__.split("\n")[0])
    cli.add_argument(
        "--from", dest="start", type=Path, required=True, help="the weights that training began from"
    )
    cli.add_argument("--to", dest="end", type=Path, required=True, help="the weights that it gave")
    cli.add_argument("--share", type=float, required=True, help="of the way, 0 to 1")
    cli.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    options = cli.parse_args(arguments)
    try:
        network = between(load_network(options.start), load_network(options.end), options.share)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with replacing(options.out) as file:
        torch.save({"network": asdict(network.config), "average": network.state_dict()}, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
