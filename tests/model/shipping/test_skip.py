"""Layers of hints that a graph skips where there are no hints."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import GraphProto, helper

from model.export import store, stored_weights
from model.network import Colorizer
from model.shipping.parity import cases, feed
from model.shipping.skip import skip_hints
from photochrom.errors import ModelRejected


def answers(model: onnx.ModelProto, given: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, given))


# The trace of symbolic sizes takes many seconds, minutes on a busy machine.
@pytest.mark.timeout(900)
def test_a_graph_that_skips_answers_the_same_with_hints_and_without(tiny: Colorizer, traced: Path) -> None:
    weights = stored_weights(tiny, "fp32")
    whole, skipping = onnx.load(traced), onnx.load(traced)
    skip_hints(skipping.graph)
    for model in (whole, skipping):
        store(model, weights)
        onnx.checker.check_model(model, full_check=True)
    branches = [node for node in skipping.graph.node if node.op_type == "If"]
    assert len(branches) == 5  # a layer at each stride, and the spread
    moved = {node.output[0] for branch in branches for a in branch.attribute for node in a.g.node}
    assert not moved & {node.output[0] for node in skipping.graph.node}
    for case in list(cases(tiny))[:3]:  # without hints, and with some
        for a, b in zip(answers(whole, feed(case)), answers(skipping, feed(case)), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-3)


def test_a_graph_without_layers_of_hints_is_refused() -> None:
    graph: GraphProto = helper.make_graph([], "other", [], [])
    with pytest.raises(ModelRejected, match="layers of the hints"):
        skip_hints(graph)
