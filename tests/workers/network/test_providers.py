import sys

import numpy as np
import onnxruntime as ort
import pytest

from photochrom.photo.options import ColorizeOptions
from photochrom.seeing.sizes import predict_size
from support.networks.tiny_model import CARD, tiny_model
from workers.network import providers
from workers.network.predictor import OnnxPredictor, _all_zeros


def opened(**options):
    return providers.open_session(tiny_model(), ort.SessionOptions(), ["CPUExecutionProvider"], **options)


def test_a_session_runs_on_the_first_provider_that_works():
    assert opened(gpu_memory_mb=512).get_providers() == ["CPUExecutionProvider"]


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_complaints_go_to_standard_error(monkeypatch, capsys):
    # What ONNX Runtime does where CUDA's libraries are missing: standard output belongs to our JSON.
    monkeypatch.setattr(ort, "preload_dlls", lambda: sys.stdout.write("Failed to load libcublas.so.13"))
    found = providers.open_session(
        tiny_model(), ort.SessionOptions(), ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    assert found.get_providers()[-1] == "CPUExecutionProvider"
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "libcublas" in shown.err


def test_a_failing_provider_is_not_left_behind_in_the_middle_of_the_work():
    assert not opened()._enable_fallback


def test_memory_is_given_back_by_an_option_that_onnx_runtime_understands():
    # Without a GPU it answers that there is no such arena: a wrong word would be another error, or none.
    session = opened()
    with pytest.raises(Exception, match=r"gpu"):
        session.run(None, _all_zeros(session, CARD), providers.shrinking())


def test_cpu_sessions_are_never_told_to_shrink(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model())
    predictor = OnnxPredictor(path, providers=["CPUExecutionProvider"], gpu_memory_mb=64)
    lightness = np.zeros((32, 32), np.float32)
    for _ in range(providers.SHRINK_EVERY + 1):
        assert predictor.predict(lightness, ColorizeOptions()).confidence.shape


def test_photographs_come_in_few_shapes():
    card = CARD.model_copy(
        update={"predict_side": 384, "side_multiple": 32, "side_min": 128, "side_max": 1024}
    )
    shapes = {predict_size(height, 1000, card) for height in range(40, 25_000, 7)}
    assert len(shapes) < 60


@pytest.mark.parametrize(("threads", "sleep"), [(1, True), (4, True), (5, False), (0, False)])
def test_few_threads_sleep_while_they_wait(threads, sleep):
    options, name = providers.session_options(threads), "session.intra_op.allow_spinning"
    try:
        told = options.get_session_config_entry(name)
    except RuntimeError:  # what nobody set is not there
        told = "1"
    assert (told == "0") is sleep
