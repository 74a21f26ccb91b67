"""Verify that an exported graph gives the same answers as torch."""

from collections.abc import Iterable, Sequence

import numpy as np
import onnx
import torch
from torch import Tensor

from photochrom.errors import ModelRejected

from ..network import Colorizer, Predictor

INPUTS = ("lightness", "hints", "palette", "temperature", "vividness")
OUTPUTS = ("ab", "confidence")
SHAPES = ((1, 128, 128), (2, 256, 384), (1, 1024, 512))
AB_TOLERANCE = 0.05  # far below what an 8-bit picture can show
CONFIDENCE_TOLERANCE = 1e-3
# Largest root mean square difference in ab from the weights as trained, for weights stored in fewer bits.
ROUNDING_TOLERANCE = {"fp32": 0.01, "fp16": 0.5, "int8": 2.0}

Inputs = tuple[Tensor, ...]
"""Tensors in the order of `INPUTS`."""


def parity(network: Colorizer, model: onnx.ModelProto) -> float:
    """Run torch and ONNX Runtime side by side over sizes and settings; return the largest difference in ab.

    Args:
        network: with exactly the weights of the file.
        model: the graph.

    Raises:
        ModelRejected: they differ by more than the tolerances.
    """
    worst = 0.0
    for given, expected in _answers(network, model, cases(network)):
        ab, confidence = (float((a - b).abs().max()) for a, b in zip(given, expected, strict=True))
        if not (ab <= AB_TOLERANCE and confidence <= CONFIDENCE_TOLERANCE):
            raise ModelRejected(f"ONNX differs from torch by {ab} in ab, {confidence} in confidence.")
        worst = max(worst, ab)
    return worst


def rounding(network: Colorizer, model: onnx.ModelProto, precision: str, inputs: Iterable[Inputs]) -> float:
    """Return the root mean square difference in ab between the file and the weights as trained.

    Raises:
        ModelRejected: it is larger than this precision may cost (`ROUNDING_TOLERANCE`).
    """
    squares = [(g[0] - e[0]).square().mean() for g, e in _answers(network, model, inputs)]
    difference = float(torch.stack(squares).mean().sqrt())
    if not difference <= ROUNDING_TOLERANCE[precision]:
        raise ModelRejected(
            f"Stored as {precision}, the answers move by {difference:.2f} in ab (root mean square); "
            f"{ROUNDING_TOLERANCE[precision]} is allowed."
        )
    return difference


def _answers(
    network: Colorizer, model: onnx.ModelProto, inputs: Iterable[Inputs]
) -> Iterable[tuple[list[Tensor], Sequence[Tensor]]]:
    """Yield the answers of ONNX Runtime and torch, (ab, confidence) each."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    predictor = Predictor(network).cpu().float().eval()
    for case in inputs:
        with torch.inference_mode():
            expected = predictor(*case)
        given = session.run(OUTPUTS, feed(case))
        yield [torch.from_numpy(array) for array in given], expected


def feed(inputs: Inputs) -> dict[str, np.ndarray]:
    """Return the inputs by name, as ONNX Runtime takes them."""
    return {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}


def example(network: Colorizer, n: int, h: int, w: int, seed: int = 0) -> Inputs:
    """Return smooth random lightness (n,1,h,w) without hints or palette, and the middle setting."""
    random = torch.Generator().manual_seed(seed)
    lightness = torch.rand(n, 1, h // 16, w // 16, generator=random) * 100
    lightness = torch.nn.functional.interpolate(lightness, (h, w), mode="bicubic").clamp(0, 100)
    hints = torch.zeros(n, 3, h, w)
    return lightness, hints, torch.zeros(n, len(network.bins)), torch.tensor(0.38), torch.tensor(0.5)


def cases(network: Colorizer) -> Iterable[Inputs]:
    """Yield examples of several sizes: the middle, the faithful, and the vivid setting with hints and palette."""
    for seed, (n, h, w) in enumerate(SHAPES):
        lightness, hints, palette, temperature, vividness = example(network, n, h, w, seed)
        hinted = hints.clone()
        hinted[:, :, 40:47, 60:67] = torch.tensor([40.0, 30.0, 1.0])[:, None, None]
        reds = palette.clone()
        reds[:, -3:] = 1 / 3
        yield lightness, hints, palette, temperature, vividness
        yield lightness, hints, palette, torch.tensor(1.0), torch.tensor(0.0)
        yield lightness, hinted, reds, temperature, torch.tensor(1.0)
