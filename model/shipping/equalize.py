"""Channels made equally loud before they are stored in 8 bits, by scales that cancel (Nagel et al. 2019, section 4.1).

A tensor has one range for all its channels. Where some are forty times as loud as others, as at the meeting of a
decoder's map with the encoder's, the quiet ones are left with a few of 256 steps. A convolution whose output only one
other reads, with nothing but enlarging and joining between, may be scaled channel by channel: the other takes it back.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from .parity import Inputs, feed

_QUIETEST = 1e-6  # of a channel that says nothing

Floats = NDArray[np.float32]
Pair = tuple[onnx.NodeProto, onnx.NodeProto]
"""The convolution that is scaled, and the one that takes it back; its first channels are the other's."""


def equalize(model: onnx.ModelProto, names: set[str], inputs: Iterable[Inputs]) -> None:
    """Scale, in place, what the convolutions of these names read; the answers stay the same.

    Args:
        model: norms are folded into their convolutions, and weights are initializers.
        names: of the convolutions that will read in 8 bits.
        inputs: photographs, from which the loudness of channels is taken.
    """
    found = pairs(model, names)
    ranges = _ranges(model, [second.input[0] for _, second in found], inputs)
    weights = {item.name: item for item in model.graph.initializer}
    for first, second in found:
        own = weights[first.input[1]].dims[0]
        loud = np.maximum(ranges[second.input[0]], _QUIETEST)
        scale = np.median(loud[own:]) / loud[:own]
        for name in first.input[1:]:
            _multiply(weights[name], scale, axis=0)
        _multiply(weights[second.input[1]], 1 / scale, axis=1)


def pairs(model: onnx.ModelProto, names: set[str]) -> list[Pair]:
    """Return the pairs whose second is one of these names: it reads the first, enlarged, beside other channels."""
    makers = {name: node for node in model.graph.node for name in node.output}
    readers = Counter(name for node in model.graph.node for name in node.input)
    found = []
    for node in model.graph.node:
        joined = makers.get(node.input[0]) if node.op_type == "Conv" and node.name in names else None
        if joined is None or joined.op_type != "Concat" or readers[node.input[0]] > 1:
            continue
        name = joined.input[0]
        while name in makers and readers[name] == 1 and makers[name].op_type == "Resize":
            name = makers[name].input[0]
        if name in makers and readers[name] == 1 and makers[name].op_type == "Conv":
            found.append((makers[name], node))
    return found


def _multiply(weight: onnx.TensorProto, scale: Floats, axis: int) -> None:
    array = numpy_helper.to_array(weight).copy()
    part = np.moveaxis(array, axis, -1)[..., : len(scale)]
    part *= scale
    weight.CopyFrom(numpy_helper.from_array(array, weight.name))


def _ranges(model: onnx.ModelProto, names: list[str], inputs: Iterable[Inputs]) -> dict[str, Floats]:
    """Return the largest absolute value of each channel of these tensors (N, C, H, W)."""
    told = onnx.ModelProto()
    told.CopyFrom(model)
    told.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(told.SerializeToString(), providers=["CPUExecutionProvider"])
    ranges = {name: np.zeros(1, np.float32) for name in names}
    for case in inputs if names else ():
        for name, value in zip(names, session.run(names, feed(case)), strict=True):
            ranges[name] = np.maximum(ranges[name], np.abs(value).max((0, 2, 3)))
    return ranges
