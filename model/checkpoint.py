"""Read weights from a training checkpoint, an exported ONNX file or the ImageNet encoder."""

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from photochrom.errors import ModelRejected

from .network import CONDITIONS, Colorizer, NetworkConfig

NETWORK_KEY = "photochrom.network"
"""ONNX metadata entry with the `NetworkConfig` as JSON."""


def load_network(path: Path) -> Colorizer:
    """Return the network of a training checkpoint (`.pt`, its averaged weights) or an exported `.onnx`.

    Raises:
        ModelRejected: the file is neither, or its weights do not fit its configuration.
    """
    config, weights = _read_onnx(path) if path.suffix == ".onnx" else _read_checkpoint(path)
    try:
        network = Colorizer(weights["bins"], weights["log_weight"], config)
        missing, unexpected = network.load_state_dict(weights, strict=False)
    except (KeyError, RuntimeError) as error:
        raise ModelRejected(f"The weights in {path} do not fit: {error}") from error
    # A running mean needs no count of batches: momentum is fixed. Layers for hints and palette that an old file lacks
    # start as in a new network: they have no effect.
    lost = [name for name in missing if not name.endswith("num_batches_tracked")]
    lost = [name for name in lost if not name.startswith(CONDITIONS)]
    if lost or unexpected:
        raise ModelRejected(f"The weights in {path} do not fit: {lost or unexpected}.")
    return network.eval()


def network_config(fields: dict[str, Any]) -> NetworkConfig:
    """Return the configuration from JSON or TOML, where tuples arrive as lists.

    Raises:
        ModelRejected: an unknown field.
    """
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    try:
        return NetworkConfig(**values)
    except TypeError as error:
        raise ModelRejected(f"Not a network configuration: {error}") from error


def _read_onnx(path: Path) -> tuple[NetworkConfig, dict[str, Tensor]]:
    try:
        model = onnx.load(path)
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        config = network_config(json.loads(metadata[NETWORK_KEY]))
    except Exception as error:  # protobuf's DecodeError among others
        raise ModelRejected(
            f"{path} is not an fp16 or fp32 file of model.export (int8 weights are rounded too much for training)."
        ) from error
    # Weights are what a Cast or an Identity gives the name "network...." to.
    names = {n.input[0] for n in model.graph.node if n.input and n.output[0] == f"network.{n.input[0]}"}
    arrays = {
        item.name: numpy_helper.to_array(item) for item in model.graph.initializer if item.name in names
    }
    return config, {name: torch.from_numpy(array.copy()).float() for name, array in arrays.items()}


def _read_checkpoint(path: Path) -> tuple[NetworkConfig, dict[str, Tensor]]:
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        return network_config(checkpoint["network"]), checkpoint["average"]
    except Exception as error:  # unpickling may raise any exception
        raise ModelRejected(f"{path} is not a checkpoint of model.train.") from error
