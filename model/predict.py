"""Colour lightness with any weights: torch and ONNX Runtime behind one call."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from photochrom.errors import ModelRejected

from .answers import answer_of
from .checkpoint import load_network


class Setting(NamedTuple):
    """One way to decode."""

    vividness: float
    temperature: float


SETTINGS = (Setting(0, 1), Setting(0.5, 0.38), Setting(1, 0.38))


class Predict(Protocol):
    """Anything that colours lightness (N,1,H,W) with hints (N,3,H,W)."""

    def __call__(
        self, lightness: Tensor, hints: Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[Tensor, Tensor]]:
        """Return ab (N,2,H/4,W/4) and confidence (N,1,H/4,W/4) for every setting."""
        ...


class TorchPredict:
    """Predict with torch: the network runs once, however many settings."""

    def __init__(self, weights: Path, device: str) -> None:
        self.network = load_network(weights).to(device)
        self.answer, self.device = answer_of(self.network), device

    @torch.inference_mode()
    def __call__(
        self, lightness: Tensor, hints: Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[Tensor, Tensor]]:
        """See `Predict`."""
        network, answers = self.network, []
        outputs = network(lightness.to(self.device), hints.to(self.device)).float()
        for vividness, temperature in settings:
            knobs = outputs.new_tensor(temperature), outputs.new_tensor(vividness)
            ab, confidence = self.answer.decode(outputs, *knobs)
            answers.append((ab.cpu(), confidence.cpu()))
        return answers


class OnnxPredict:
    """Predict with ONNX Runtime: exactly what a worker runs.

    Raises:
        ModelRejected: no such file, or none that ONNX Runtime reads.
    """

    def __init__(self, weights: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to others
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
        try:
            self.session = onnxruntime.InferenceSession(weights, options, providers=providers)
        except Exception as error:  # ONNX Runtime's own errors share no public base
            raise ModelRejected(f"ONNX Runtime cannot load {weights}: {error}") from error
        self.bins = next(i.shape[1] for i in self.session.get_inputs() if i.name == "palette")

    def __call__(
        self, lightness: Tensor, hints: Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[Tensor, Tensor]]:
        """See `Predict`."""
        palette = np.zeros((len(lightness), self.bins), np.float32)
        feed = {"lightness": lightness.numpy(), "hints": hints.numpy(), "palette": palette}
        answers = []
        for vividness, temperature in settings:
            knobs = {"vividness": np.array(vividness, "f"), "temperature": np.array(temperature, "f")}
            ab, confidence = self.session.run(["ab", "confidence"], feed | knobs)
            answers.append((torch.from_numpy(ab), torch.from_numpy(confidence)))
        return answers


def load_predict(weights: Path, device: str) -> Predict:
    """Return the predictor that fits the file: ONNX Runtime for `.onnx`, torch for anything else.

    Raises:
        ModelRejected: no weights of ours.
    """
    return OnnxPredict(weights) if weights.suffix == ".onnx" else TorchPredict(weights, device)
