from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper, parser

from model.shipping import equalize

# A quiet map is enlarged and meets a loud one; both are read together.
TEXT = """
<ir_version: 9, opset_import: ["" : 18]>
graph (float[1, 3, 8, 8] lightness, float[1, 4, 16, 16] loud) => (float[1, 2, 16, 16] answer)
<float[4] twice = {1, 1, 2, 2}>
{
  quiet = Conv <kernel_shape = [1, 1]> (lightness, narrow, narrow_bias)
  large = Resize <mode = "linear"> (quiet, , twice)
  both = Concat <axis = 1> (large, loud)
  answer = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (both, merge)
}
"""


def graph(narrow_bias: Sequence[float] = (0.01, -0.02)) -> onnx.ModelProto:
    model, random = parser.parse_model(TEXT), np.random.default_rng(3)
    weights = {
        "narrow": 0.02 * random.normal(size=(2, 3, 1, 1)),
        "narrow_bias": np.array(narrow_bias),
        "merge": random.normal(size=(2, 6, 3, 3)),
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()
    )
    model.graph.node[-1].name = "merge"
    return model


INPUTS = {
    "lightness": np.random.default_rng(1).normal(size=(1, 3, 8, 8)).astype(np.float32),
    "loud": 40 * np.random.default_rng(2).normal(size=(1, 4, 16, 16)).astype(np.float32),
}


def seen(model: onnx.ModelProto, name: str) -> np.ndarray:
    told = onnx.ModelProto()
    told.CopyFrom(model)
    told.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    session = onnxruntime.InferenceSession(told.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run([name], INPUTS)[0]


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, np.ndarray]]:
    monkeypatch.setattr(equalize, "feed", lambda case: case)
    return [INPUTS]


def test_all_channels_become_equally_loud_and_the_answer_stays(inputs) -> None:
    before, after = graph(), graph()
    equalize.equalize(after, {"merge"}, inputs)
    quiet, loud = np.split(np.abs(seen(before, "both")).max((0, 2, 3)), [2])
    assert quiet.max() < 0.01 * loud.min()
    levelled = np.abs(seen(after, "both")).max((0, 2, 3))
    np.testing.assert_allclose(levelled[:2], np.median(loud), rtol=1e-3)
    np.testing.assert_array_equal(levelled[2:], loud)
    np.testing.assert_allclose(seen(after, "answer"), seen(before, "answer"), rtol=1e-4, atol=1e-3)


def test_what_is_read_elsewhere_or_not_in_8_bits_stays(inputs) -> None:
    unread = graph()
    equalize.equalize(unread, set(), inputs)
    assert unread == graph()
    shared = graph()
    shared.graph.node.append(onnx.helper.make_node("Relu", ["quiet"], ["elsewhere"]))
    equalize.equalize(shared, {"merge"}, inputs)
    assert list(shared.graph.initializer) == list(graph().graph.initializer)


def test_a_channel_that_says_nothing_does_no_harm(inputs) -> None:
    model = graph(narrow_bias=(0, 0))
    narrow = next(item for item in model.graph.initializer if item.name == "narrow")
    silent = numpy_helper.to_array(narrow).copy()
    silent[0] = 0
    narrow.CopyFrom(numpy_helper.from_array(silent, "narrow"))
    expected = seen(model, "answer")
    equalize.equalize(model, {"merge"}, inputs)
    np.testing.assert_allclose(seen(model, "answer"), expected, rtol=1e-4, atol=1e-3)
