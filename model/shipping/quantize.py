"""Static 8-bit weights and activations (QDQ), for CPUs with 8-bit arithmetic (Jacob et al. 2018).

Only the wide convolutions after the encoder are quantized: they are most of the work. Quantizing the encoder loses
colour (docs/lab/int8.md), attention is small, the layers of the hints get sparse input, and decoding is arithmetic on
colours.
Weights have a scale per channel, activations a range per tensor, measured on photographs.
"""

import logging
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime import quantization
from torch import Tensor

from photochrom.errors import PhotoRejected

from ..color import lab
from ..training.augment import generator
from ..training.conditions import point_hints
from ..training.data import decode_square, read_photos
from .equalize import equalize
from .parity import Inputs, feed
from .skip import put_in_order

PHOTOS, SIDE = 64, 256
_HINTS = 10


def calibration_inputs(photos: Path, bins: Tensor) -> list[Inputs]:
    """Return the first photographs as network inputs; of every four, one has hints and one its own palette.

    Args:
        photos: a folder or a tar.
        bins: (Q,2) a*, b* of the network's classes.

    Raises:
        PhotoRejected: no photographs, or one that does not decode.
    """
    inputs: list[Inputs] = []
    for index, (_, data) in enumerate(islice(read_photos(photos), PHOTOS)):
        rgb = torch.from_numpy(decode_square(data, SIDE).copy()).permute(2, 0, 1)[None] / 255
        colours = lab(rgb)
        ab = colours[:, 1:]
        hints = point_hints(ab, _HINTS if index % 4 == 1 else 0, generator(index))
        palette = _palette(ab, bins) * (index % 4 == 2)
        inputs.append((colours[:, :1], hints, palette, torch.tensor(0.38), torch.tensor(0.5)))
    if not inputs:
        raise PhotoRejected(f"There are no photographs in {photos} to calibrate with.")
    return inputs


def _palette(ab: Tensor, bins: Tensor) -> Tensor:
    nearest = torch.cdist(ab[0, :, ::4, ::4].flatten(1).T, bins).argmin(1)
    return (torch.bincount(nearest, minlength=len(bins)) / len(nearest))[None]


class _Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, inputs: Iterable[Inputs]) -> None:
        self.feeds = iter([feed(case) for case in inputs])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def quantize(model: onnx.ModelProto, inputs: list[Inputs]) -> onnx.ModelProto:
    """Return the graph with 8-bit convolutions, its scales taken from `inputs`; without metadata."""
    with tempfile.TemporaryDirectory() as folder:
        folded, out = Path(folder) / "folded.onnx", Path(folder) / "int8.onnx"
        _fold(model, folded)
        kept = _equalized(folded, inputs)
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.ERROR)  # it recommends what `_fold` has already done
        try:
            quantization.quantize_static(
                folded,
                out,
                _Reader(inputs),
                quant_format=quantization.QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=kept,
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
            )
        finally:
            root.setLevel(level)
        quantized = onnx.load(out)
    return _plain(quantized, model)


def _fold(model: onnx.ModelProto, path: Path) -> None:
    """Fold norms into their convolutions: quantized one by one, they would round twice."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _equalized(path: Path, inputs: list[Inputs]) -> list[str]:
    """Make what will be read in 8 bits equally loud; return the names of the convolutions that stay as they are."""
    model = onnx.load(path)
    kept = _kept(model)
    names = {node.name for node in model.graph.node if node.op_type == "Conv"} - {*kept}
    equalize(model, names, inputs)
    onnx.save(model, path)
    return kept


def _kept(folded: onnx.ModelProto) -> list[str]:
    """Return the convolutions that stay as they are.

    Encoder and hints; decoding, whose weights are colours; and all of 1x1, which are a tenth of the time that is saved
    and most of what is lost: several read the few channels of a factor, each of which says much.
    """
    weights = {item.name: item.dims for item in folded.graph.initializer}
    convolutions = {node.name: node.input[1] for node in folded.graph.node if node.op_type == "Conv"}
    return [
        name
        for name, weight in convolutions.items()
        if "encoder." in weight
        or "hint" in weight
        or ".weight" not in weight
        or max(weights[weight][2:], default=1) == 1
    ]


def _plain(quantized: onnx.ModelProto, source: onnx.ModelProto) -> onnx.ModelProto:
    """Drop the metadata of the tools; keep the source's versions."""
    quantized.producer_name, quantized.producer_version = source.producer_name, ""
    quantized.ir_version = source.ir_version
    quantized.graph.name = source.graph.name
    put_in_order(quantized.graph)
    del quantized.metadata_props[:], quantized.graph.value_info[:], quantized.opset_import[:]
    quantized.opset_import.extend(source.opset_import)
    return quantized
