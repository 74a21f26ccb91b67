"""Read the weights of both networks: what training left in a folder, or the file that the workers run.

The file's norms are folded into its filters, and training needs them: `..convolved.unfold` makes room for them, and
`..convolved.settle` finds them again from what is drawn.
"""

import pickle
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from photochrom.errors import ModelRejected

from ..convolved import unfold
from .network import Pages, Sides, UNet


def read(path: Path) -> tuple[Pages, Sides]:
    """Return both networks of a folder (pages.pt, sides.pt) or of an ONNX file of `model.album.export`.

    Those of a file answer as the file does, but their norms have no statistics yet: `settle` them before training.

    Raises:
        ModelRejected: the weights cannot be read, or are not those of these networks.
    """
    networks = Pages(), Sides()
    for name, network in zip(("pages", "sides"), networks, strict=True):
        try:
            _fill(network, path, name)
        except (OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise ModelRejected(f"The weights in {path} are not those of album networks: {error}") from error
    return networks


def _fill(network: UNet, path: Path, name: str) -> None:
    if path.is_dir():
        network.load_state_dict(torch.load(path / f"{name}.pt", weights_only=True, map_location="cpu"))
    else:
        unfold(network, _stored(path, f"{name}."))


def _stored(path: Path, prefix: str) -> dict[str, Tensor]:
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf's DecodeError among others
        raise ValueError(f"not an ONNX file ({error})") from error
    return {
        item.name.removeprefix(prefix): torch.from_numpy(numpy_helper.to_array(item).copy()).float()
        for item in graph.initializer
        if item.name.startswith(prefix)
    }
