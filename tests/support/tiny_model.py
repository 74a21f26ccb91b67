"""A network of four nodes that holds the model's contract: for tests of everything around it."""

import hashlib

from onnx import TensorProto, helper

from photochrom.artifact import ModelCard

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


def tiny_model(
    card: ModelCard | None = CARD, *, stride: int = 4, without: str = "", extra: str = ""
) -> bytes:
    """A graph that holds the contract: a* = vividness * averaged L*, b* = temperature * averaged L*."""
    inputs = {
        "lightness": ["n", 1, "h", "w"],
        "hints": ["n", 3, "h", "w"],
        "palette": ["n", 2],
        "temperature": [],
        "vividness": [],
    }
    if extra:
        inputs[extra] = [1]
    nodes = [
        helper.make_node(
            "AveragePool", ["lightness"], ["small"], kernel_shape=[stride] * 2, strides=[stride] * 2
        ),
        helper.make_node("Mul", ["small", "vividness"], ["a"]),
        helper.make_node("Mul", ["small", "temperature"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["ab"], axis=1),
        helper.make_node("Sigmoid", ["small"], ["confidence"]),
    ]
    outputs = [
        helper.make_tensor_value_info(name, FLOAT, ["n", channels, "p", "q"])
        for name, channels in (("ab", 2), ("confidence", 1))
        if name != without
    ]
    values = [helper.make_tensor_value_info(k, FLOAT, v) for k, v in inputs.items() if k != without]
    graph = helper.make_graph(nodes, "tiny", values, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if card:
        helper.set_model_props(model, card.to_metadata())
    return model.SerializeToString()
