"""A network of a few nodes that holds the model's contract: for tests of everything around it."""

import hashlib
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from photochrom.photo.cards.model import ModelCard

FLOAT = TensorProto.FLOAT
CARD = ModelCard(
    name="tiny",
    version="1",
    summary="averages",
    bins=((0, 0), (20, -20)),
    side_min=32,
    side_max=256,
    predict_side=64,
    precision="fp32",
    training="none",
    training_data=(),
    license="CC0-1.0",
    weights_sha256=hashlib.sha256(b"").hexdigest(),
)
# With bins wide enough apart that a palette is seen.
ABLE_CARD = CARD.model_copy(
    update={
        "name": "tiny-able",
        "bins": ((0, 0), (60, 40), (-50, 40), (20, -60)),
        "capabilities": ("hints", "palette"),
    }
)
"""Takes hints and palettes; `tiny_model(ABLE_CARD)` does as it says."""


def tiny_model(
    card: ModelCard | None = CARD, *, stride: int = 4, without: str = "", extra: str = ""
) -> bytes:
    """A graph that holds the contract: a* = vividness * averaged L*, b* = temperature * averaged L*.

    A palette moves the colour everywhere to the mean of its bins; where a hint lies its own colour counts alone.
    """
    bins = card.bins if card else CARD.bins
    inputs = {
        "lightness": ["n", 1, "h", "w"],
        "hints": ["n", 3, "h", "w"],
        "palette": ["n", len(bins)],
        "temperature": [],
        "vividness": [],
    }
    if extra:
        inputs[extra] = [1]
    shape = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
    steps: list[tuple[str, list[str], str, dict[str, object]]] = [
        ("AveragePool", ["lightness"], "small", shape),
        ("Mul", ["small", "vividness"], "a", {}),
        ("Mul", ["small", "temperature"], "b", {}),
        ("Concat", ["a", "b"], "own", {"axis": 1}),
        ("Reshape", ["palette", "rows"], "shares", {}),
        ("MatMul", ["shares", "bins"], "mean", {}),
        ("Unsqueeze", ["mean", "plane"], "lent", {}),
        ("Add", ["own", "lent"], "unhinted", {}),
        ("AveragePool", ["hints"], "patches", shape),
        ("Split", ["patches", "parts"], "told mask", {"axis": 1}),
        ("Max", ["mask", "least"], "floor", {}),
        ("Greater", ["mask", "least"], "hinted", {}),
        ("Div", ["told", "floor"], "colour", {}),
        ("Where", ["hinted", "colour", "unhinted"], "ab", {}),
        ("Sigmoid", ["small"], "confidence", {}),
    ]
    nodes = [helper.make_node(kind, given, out.split(), **how) for kind, given, out, how in steps]
    constants = {
        "bins": np.array(bins, np.float32),
        "rows": np.array([-1, len(bins)], np.int64),
        "plane": np.array([2, 3], np.int64),
        "parts": np.array([2, 1], np.int64),
        "least": np.array(1e-3, np.float32),
    }
    outputs = [
        helper.make_tensor_value_info(name, FLOAT, ["n", channels, "p", "q"])
        for name, channels in (("ab", 2), ("confidence", 1))
        if name != without
    ]
    nodes = [node for node in nodes if without not in node.output]
    if without in inputs:
        # What the nodes then lack comes from nowhere but here.
        constants[without] = np.zeros((1, 3, 64, 64), np.float32)
    values = [helper.make_tensor_value_info(k, FLOAT, v) for k, v in inputs.items() if k != without]
    known = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", values, outputs, known)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if card:
        helper.set_model_props(model, card.to_metadata())
    return model.SerializeToString()


@cache
def light() -> dict[str, str]:
    """Settings of a service or command whose network costs nothing: for tests of all around it."""
    path = Path(tempfile.mkdtemp(prefix="photochrom-test-")) / "tiny.onnx"
    path.write_bytes(tiny_model())
    return {"PHOTOCHROM_MODEL_PATH": str(path)}


@pytest.fixture
def tiny(tmp_path: Path) -> dict[str, str]:
    """Settings of a service that starts fast and finds out fast that a worker has died."""
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    return {
        "PHOTOCHROM_MODEL_PATH": str(model),
        "PHOTOCHROM_HEARTBEAT_TTL": "2",
        "PHOTOCHROM_MAINTENANCE_INTERVAL": "1",
    }
