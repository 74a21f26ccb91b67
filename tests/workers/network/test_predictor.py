import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import ModelRejected
from photochrom.photo.options import ColorizeOptions
from photochrom.seeing.sizes import predict_size
from support.networks.tiny_model import CARD, tiny_model
from workers.network import providers as execution
from workers.network.predictor import OnnxPredictor


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "model.onnx"
        path.write_bytes(content)
        return path

    return write


def test_prediction_is_what_the_graph_returns(write):
    predictor = OnnxPredictor(write(tiny_model()), threads=1)
    lightness = np.linspace(0, 100, 64 * 32, dtype=np.float32).reshape(64, 32)
    prediction = predictor.predict(lightness, ColorizeOptions(vividness=0.25, temperature=0.5))
    small = lightness.reshape(16, 4, 8, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(prediction.ab, np.stack([small * 0.25, small * 0.5]), rtol=1e-5)
    assert prediction.confidence.shape == (16, 8)
    assert predictor.card == CARD


def test_without_cuda_the_provider_says_cpu(write):
    predictor = OnnxPredictor(
        write(tiny_model()), providers=["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    assert predictor.provider in ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert (
        OnnxPredictor(write(tiny_model()), providers=["CPUExecutionProvider"]).provider
        == "CPUExecutionProvider"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a model", "cannot load"),
        (tiny_model(card=None), "no Photochrom model card"),
        (tiny_model(stride=2), "stride 4"),
        (tiny_model(without="hints"), "lacks the input hints"),
        (tiny_model(without="confidence"), "lacks the output confidence"),
        (tiny_model(extra="magic"), "unknown input: magic"),
    ],
)
def test_a_model_that_breaks_its_promise_is_rejected(write, content, sentence):
    with pytest.raises(ModelRejected, match=sentence):
        OnnxPredictor(write(content))


def test_a_missing_file_is_rejected(tmp_path):
    with pytest.raises(ModelRejected, match=r"cannot load none\.onnx"):
        OnnxPredictor(tmp_path / "none.onnx")


def test_wrong_rank_is_rejected(write):
    model = onnx.load_from_string(tiny_model())
    palette = next(value for value in model.graph.input if value.name == "palette")
    palette.type.tensor_type.shape.dim.add().dim_value = 1
    with pytest.raises(ModelRejected, match="'palette'"):
        OnnxPredictor(write(model.SerializeToString()))


def test_no_provider_of_this_machine_is_rejected(write):
    with pytest.raises(ModelRejected, match="None of the requested providers"):
        OnnxPredictor(write(tiny_model()), providers=["AbacusExecutionProvider"])


@pytest.mark.parametrize(
    ("side", "memory", "opened"),
    [
        (384, 4096, [4096, 512, 512]),
        (768, 4096, [4096, 2048, 2048]),
        (768, 2048, [2048]),
        (384, 0, [0, 0]),
    ],
)
def test_each_session_on_a_gpu_gets_the_memory_that_the_card_s_side_needs(
    write, monkeypatch, side, memory, opened
):
    """What is asked of a GPU, on a machine without one: the CPU is taken for it."""
    asked = []

    def open_session(path, options, providers, *, gpu_memory_mb):
        asked.append(gpu_memory_mb)
        return ort.InferenceSession(path, options, providers=providers)

    monkeypatch.setattr(execution, "CUDA", execution.CPU)
    monkeypatch.setattr(execution, "open_session", open_session)
    card = CARD.model_copy(update={"predict_side": side, "side_max": 1024})
    predictor = OnnxPredictor(write(tiny_model(card)), providers=[execution.CPU], gpu_memory_mb=memory)
    for shape in [(32, 32), (64, 32)]:
        predictor.predict(np.zeros(shape, np.float32), ColorizeOptions())
    assert asked == opened


@given(st.integers(1, 70_000), st.integers(1, 70_000))
def test_predicted_sides_are_allowed_and_keep_area_and_aspect(height, width):
    sides = predict_size(height, width, CARD)
    assert all(side % CARD.side_multiple == 0 for side in sides)
    assert all(CARD.side_min <= side <= CARD.side_max for side in sides)
    if max(height, width) <= 2 * min(height, width):
        assert 0.5 <= sides[0] * sides[1] / CARD.predict_side**2 <= 2
        assert 0.5 <= (sides[0] / sides[1]) / (height / width) <= 2
