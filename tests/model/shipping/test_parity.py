import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from model.network import Colorizer, Predictor
from model.shipping import parity
from photochrom.errors import ModelRejected


def answering(network: Colorizer, shift: float) -> onnx.ModelProto:
    """A graph that answers what `network` does to one example, plus `shift` in ab."""
    case = parity.example(network, 1, 128, 128)
    with torch.inference_mode():
        ab, confidence = Predictor(network)(*case)
    kinds = {"lightness": 4, "hints": 4, "palette": 2, "temperature": 0, "vividness": 0}
    inputs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, [None] * n) for k, n in kinds.items()]
    nodes = [
        helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(value.numpy()))
        for name, value in (("ab", ab + shift), ("confidence", confidence))
    ]
    outputs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, [None] * 4) for k in parity.OUTPUTS]
    graph = helper.make_graph(nodes, "constant", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_the_difference_is_a_root_mean_square_in_ab(tiny: Colorizer) -> None:
    case = parity.example(tiny, 1, 128, 128)
    given = parity.rounding(tiny, answering(tiny, 0.25), "fp16", [case])
    assert given == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_every_precision_has_its_tolerance(tiny: Colorizer, precision: str) -> None:
    case, allowed = parity.example(tiny, 1, 128, 128), parity.ROUNDING_TOLERANCE[precision]
    parity.rounding(tiny, answering(tiny, allowed * 0.9), precision, [case])
    with pytest.raises(ModelRejected, match=f"Stored as {precision}"):
        parity.rounding(tiny, answering(tiny, allowed * 1.1), precision, [case])


def test_what_is_no_number_is_refused(tiny: Colorizer) -> None:
    with pytest.raises(ModelRejected, match="nan"):
        parity.rounding(tiny, answering(tiny, float("nan")), "int8", [parity.example(tiny, 1, 128, 128)])


def test_examples_are_lightness_and_do_not_change() -> None:
    network = type("Bins", (), {"bins": np.zeros((7, 2))})()
    first, again = (parity.example(network, 2, 128, 160) for _ in range(2))  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert first[0].shape == (2, 1, 128, 160)
    assert 0 <= first[0].min() < 30 < 70 < first[0].max() <= 100
    assert parity.feed(first).keys() == set(parity.INPUTS)
