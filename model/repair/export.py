"""Write the finder of damage as ONNX in fp16: python -m model.repair.export finder.pt finder.onnx --version 1.0.0.

Input `lightness` uint8 (N,1,H,W), L* 0..255, H and W multiples of 16; output `sureness` uint8 (N,1,H,W): `MIDDLE` and
`STEP` times the log odds of being damaged. Log odds, because a photograph without damage stays as it is only where
much is asked for: a probability would be rounded to 1 there. The file also says how much (`SURE`).
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

from ..convolved import folded
from ..export import store, stored_weights, traced, weights_sha256
from .network import STRIDE, Finder

OPSET = 20
TOLERANCE = 4
"""Of 255, between the sureness by the file and by torch: fp16 weights move it by less."""
MIDDLE, STEP = 128, 12
SURE = {
    "weak": (128, 104, 92),
    "plain": (212, 176, 128),
    "small": (244, 230, 176),
    "large": (255, 252, 212),
    "eased": (24, 24, 24),
    "filled": (128, 116, 104),
}
"""How sure it must be at strengths 0, 0.5 and 1: `workers.pipeline.repair.finder.Sure` (docs/lab/repair.md)."""


class Sureness(nn.Module):
    """What the file holds: the network between bytes."""

    def __init__(self, network: Finder) -> None:
        super().__init__()
        self.network = folded(network)

    def forward(self, lightness: Tensor) -> Tensor:
        odds = self.network(lightness.float() / 2.55)
        return torch.clamp(torch.round(MIDDLE + STEP * odds), 0, 255).to(torch.uint8)


def build(network: Finder, version: str) -> onnx.ModelProto:
    """Turn the network into an ONNX model that names its version and the hash of its weights."""
    from torch.export import Dim  # loads as much as torch itself, for tracing alone

    answer = Sureness(network).float().eval()
    n, h, w = Dim("n", min=1, max=64), Dim("h", min=2, max=256), Dim("w", min=2, max=256)
    given = (torch.randint(0, 256, (2, 1, 128, 96), dtype=torch.uint8),)
    size = {0: n, 2: STRIDE * h, 3: STRIDE * w}
    model = traced(answer, given, ("lightness",), ("sureness",), (size,), OPSET)
    weights = stored_weights(answer.network, "fp16")
    store(model, weights)
    told = {"name": "finder", "version": version, "weights_sha256": weights_sha256(weights)}
    told |= {f"sure.{name}": " ".join(map(str, levels)) for name, levels in SURE.items()}
    onnx.helper.set_model_props(model, {f"photochrom.finder.{name}": text for name, text in told.items()})
    onnx.checker.check_model(model, full_check=True)
    return model


def difference(network: Finder, model: onnx.ModelProto) -> float:
    """Return the largest difference in sureness, of 255, between torch and ONNX Runtime over some sizes."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answer, worst = Sureness(network).eval(), 0.0
    for size in ((1, 1, 64, 64), (2, 1, 160, 96)):
        lightness = torch.randint(0, 256, size, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
        given = np.asarray(session.run(None, {"lightness": lightness.numpy()})[0], np.int16)
        with torch.inference_mode():
            worst = max(worst, float(np.abs(given - answer(lightness).numpy()).max()))
    return worst


def export(network: Finder, version: str, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `TOLERANCE`; nothing is written then.
    """
    model = build(network, version)
    apart = difference(network, model)
    if not apart <= TOLERANCE:
        raise ModelRejected(f"ONNX differs from torch by {apart} in sureness.")
    out.write_bytes(model.SerializeToString())
    return apart


def main() -> None:
    """Read the weights and write the file."""
    parser = argparse.ArgumentParser(prog="python -m model.repair.export", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--version", default="1.0.0")
    arguments = parser.parse_args()
    network = Finder()
    network.load_state_dict(torch.load(arguments.weights, weights_only=True))
    apart = export(network, arguments.version, arguments.out)
    sys.stdout.write(f"{arguments.out}: within {apart:.0f} of 255 of torch\n")


if __name__ == "__main__":
    main()
