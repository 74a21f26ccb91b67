"""Write a small network that judges glances (a recognizer, a turner) as ONNX, and see that it answers as torch does."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

from photochrom.errors import ModelRejected
from photochrom.photo.cards.stored import StoredCard

from .export import PREFIX, store, stored_weights, traced, weights_sha256

TOLERANCE = 0.05
"""Of the logit, between the file and torch: fp16 weights move it by less."""


class _Told(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor) -> Tensor:
        answer: Tensor = self.network(lightness)
        return answer


def build(network: nn.Module, card: StoredCard, side: int, answer: str, halved: str) -> onnx.ModelProto:
    """Turn a network into an ONNX model with the card in its metadata.

    Args:
        network: of L* (N,1,S,S), 0..100, to logits.
        card: gets the hash of the weights.
        side: S.
        answer: the name of the output.
        halved: how the names of the weights begin that are kept in fp16; the others are small and stay as fitted.
    """
    from torch.export import Dim  # loads as much as torch itself, for tracing alone

    given = (torch.rand(4, 1, side, side) * 100,)
    model = traced(_Told(network), given, ("lightness",), (answer,), ({0: Dim("n", min=1, max=64)},))
    used = {item.name.removeprefix(PREFIX) for item in model.graph.initializer}
    weights = stored_weights(network, "fp16", halved)
    weights = {name: array for name, array in weights.items() if name in used}
    store(model, weights)
    told = card.model_copy(update={"weights_sha256": weights_sha256(weights)})
    onnx.helper.set_model_props(model, told.to_metadata())
    onnx.checker.check_model(model, full_check=True)
    return model


def write(network: nn.Module, model: onnx.ModelProto, side: int, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `TOLERANCE`; nothing is written then.
    """
    apart = difference(network, model, side)
    if not apart <= TOLERANCE:
        raise ModelRejected(f"ONNX differs from torch by {apart} in the logit.")
    out.write_bytes(model.SerializeToString(deterministic=True))
    return apart


def difference(network: nn.Module, model: onnx.ModelProto, side: int) -> float:
    """Return the largest difference in the logit between torch and ONNX Runtime, over a few smooth pictures."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    coarse = torch.rand((4, 1, 12, 12), generator=torch.Generator().manual_seed(1)) * 100
    lightness = nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 100)
    given = np.asarray(session.run(None, {"lightness": lightness.numpy()})[0])
    with torch.inference_mode():
        return float(np.abs(given - network(lightness).numpy()).max())
