"""Colour lightness with any weights: torch and ONNX Runtime behind one call."""

import time
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.errors import ModelRejected
from photochrom.photo.cards.model import ModelCard

from .answers import answer_of
from .checkpoint import load_network
from .color import srgb


class Setting(NamedTuple):
    """One way to decode."""

    vividness: float
    temperature: float


SETTINGS = (Setting(0, 1), Setting(0.5, 0.38), Setting(1, 0.38))


class Predict(Protocol):
    """Anything that colours lightness (N,1,H,W) with hints (N,3,H,W) and a palette (N,Q) over its bins (Q,2)."""

    bins: Tensor

    def __call__(
        self,
        lightness: Tensor,
        hints: Tensor,
        settings: tuple[Setting, ...],
        palette: Tensor | None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        """Return ab (N,2,H/4,W/4) and confidence (N,1,H/4,W/4) for every setting."""
        ...


class TorchPredict:
    """Predict with torch: the network runs once, however many settings."""

    def __init__(self, weights: Path, device: str) -> None:
        self.network = load_network(weights).to(device)
        self.answer, self.device = answer_of(self.network), device
        self.bins = self.network.bins.cpu()

    @torch.inference_mode()
    def __call__(
        self,
        lightness: Tensor,
        hints: Tensor,
        settings: tuple[Setting, ...],
        palette: Tensor | None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        """See `Predict`."""
        network, answers = self.network, []
        lent = None if palette is None else palette.to(self.device)
        outputs = network(lightness.to(self.device), hints.to(self.device), lent).float()
        for vividness, temperature in settings:
            knobs = outputs.new_tensor(temperature), outputs.new_tensor(vividness)
            ab, confidence = self.answer.decode(outputs, *knobs)
            answers.append((ab.cpu(), confidence.cpu()))
        return answers


class OnnxPredict:
    """Predict with ONNX Runtime: exactly what a worker runs.

    Raises:
        ModelRejected: the file is missing, ONNX Runtime cannot read it, or it has no card.
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
        self.card = ModelCard.from_metadata(self.session.get_modelmeta().custom_metadata_map)
        self.bins = torch.tensor(self.card.bins)

    def __call__(
        self,
        lightness: Tensor,
        hints: Tensor,
        settings: tuple[Setting, ...],
        palette: Tensor | None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        """See `Predict`."""
        lent = torch.zeros(len(lightness), len(self.bins)) if palette is None else palette
        feed = {"lightness": lightness.numpy(), "hints": hints.numpy(), "palette": lent.numpy()}
        answers = []
        for vividness, temperature in settings:
            knobs = {"vividness": np.array(vividness, "f"), "temperature": np.array(temperature, "f")}
            ab, confidence = self.session.run(["ab", "confidence"], feed | knobs)
            answers.append((torch.from_numpy(ab), torch.from_numpy(confidence)))
        return answers


def load_predict(weights: Path, device: str) -> Predict:
    """Return the predictor that fits the file: ONNX Runtime for `.onnx`, torch for anything else.

    Raises:
        ModelRejected: the file does not have Photochrom's weights.
    """
    return OnnxPredict(weights) if weights.suffix == ".onnx" else TorchPredict(weights, device)


def recolour(lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Return ab at full size (N,2,H,W) and 8-bit RGB (N,3,H,W) of lightness with small ab."""
    full = F.interpolate(ab, lightness.shape[2:], mode="bilinear", align_corners=False)
    return full, (srgb(torch.cat([lightness, full], 1)) * 255).round()


def without_colour(lightness: Tensor) -> Tensor:
    """Return the 8-bit grey RGB (N,3,H,W) of lightness (N,1,H,W)."""
    return recolour(lightness, torch.zeros_like(lightness[:, :, ::4, ::4]).expand(-1, 2, -1, -1))[1]


def seconds_per_photo(predict: Predict, lightness: Tensor) -> float:
    """Return the median seconds to colour one photograph of (N,1,H,W) alone with one setting."""
    hints = torch.zeros(1, 3, *lightness.shape[2:])
    seconds = []
    for index in (0, *range(len(lightness))):  # the first one warms up
        start = time.perf_counter()
        predict(lightness[index : index + 1], hints, SETTINGS[1:2])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))
