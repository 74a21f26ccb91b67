"""Write a turner as ONNX, its trunk in fp16, and see that it answers as torch does."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch.export import Dim

from photochrom.errors import ModelRejected
from photochrom.photo.turner_card import TurnerCard

from ..export import PREFIX, store, traced, weights_sha256
from .network import SIDE, Turner

TOLERANCE = 0.05
"""Of the logit, between the file and torch: fp16 weights move it by less."""


class _Told(torch.nn.Module):
    def __init__(self, network: Turner) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        upright: torch.Tensor = self.network(lightness)
        return upright


def export(network: Turner, card: TurnerCard, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `TOLERANCE`; nothing is written then.
    """
    model = build(network, card)
    apart = difference(network, model)
    if not apart <= TOLERANCE:
        raise ModelRejected(f"ONNX differs from torch by {apart} in the logit.")
    out.write_bytes(model.SerializeToString(deterministic=True))
    return apart


def build(network: Turner, card: TurnerCard) -> onnx.ModelProto:
    """Turn the network into an ONNX model with the card in its metadata."""
    given = (torch.rand(4, 1, SIDE, SIDE) * 100,)
    model = traced(_Told(network), given, ("lightness",), ("upright",), ({0: Dim("n", min=1, max=64)},))
    weights = _stored(network)
    used = {item.name.removeprefix(PREFIX) for item in model.graph.initializer}
    weights = {name: array for name, array in weights.items() if name in used}
    store(model, weights)
    told = card.model_copy(update={"weights_sha256": weights_sha256(weights)})
    onnx.helper.set_model_props(model, told.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    return model


def difference(network: Turner, model: onnx.ModelProto) -> float:
    """Return the largest difference in the logit between torch and ONNX Runtime, over a few smooth pictures."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    coarse = torch.rand((4, 1, 12, 12), generator=torch.Generator().manual_seed(1)) * 100
    lightness = torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0, 100)
    given = np.asarray(session.run(None, {"lightness": lightness.numpy()})[0])
    with torch.inference_mode():
        return float(np.abs(given - network(lightness).numpy()).max())


def _stored(network: Turner) -> dict[str, np.ndarray]:
    weights = {}
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            array = tensor.detach().float().numpy()
            halve = array.ndim > 1 and name.startswith("trunk.stages")
            weights[name] = array.astype(np.float16) if halve else array
    return weights
