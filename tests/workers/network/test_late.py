"""A network that is loaded when it is first asked does as one that is loaded at once."""

from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import ModelRejected
from photochrom.photo.options import ColorizeOptions
from support.networks.tiny_model import ABLE_CARD, tiny_model
from workers.network.late import LatePredictor
from workers.network.predictor import OnnxPredictor, Prediction

GREY = np.full((64, 64), 40, np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "late.onnx"
    path.write_bytes(tiny_model(ABLE_CARD))
    return path


class Late:
    """One of the file at `path`, and how often it was loaded."""

    def __init__(self, path: Path) -> None:
        self.path, self.loads = path, 0
        self.predictor = LatePredictor(path, self._load)

    def _load(self, content: bytes) -> OnnxPredictor:
        self.loads += 1
        return OnnxPredictor(self.path, content=content)


def same(one: Prediction, other: Prediction) -> bool:
    return np.array_equal(one.ab, other.ab) and np.array_equal(one.confidence, other.confidence)


def test_it_is_loaded_once_and_by_the_first_prediction(path: Path) -> None:
    late, palette = Late(path), np.array([0, 1, 0, 0], np.float32)
    lending = late.predictor.lent(palette)
    assert (late.loads, late.predictor.card, late.predictor.provider) == (
        0,
        ABLE_CARD,
        "CPUExecutionProvider",
    )
    own, lent = (one.predict(GREY, ColorizeOptions()) for one in (late.predictor, lending))
    assert late.loads == 1
    at_once = OnnxPredictor(path)
    assert same(own, at_once.predict(GREY, ColorizeOptions()))
    assert same(lent, at_once.lent(palette).predict(GREY, ColorizeOptions()))
    assert not same(own, lent)


def test_a_new_file_in_its_place_does_not_change_it(path: Path) -> None:
    late, before = Late(path), OnnxPredictor(path).predict(GREY, ColorizeOptions())
    path.unlink()
    path.write_bytes(b"another")
    assert same(late.predictor.predict(GREY, ColorizeOptions()), before)


def test_one_that_is_overwritten_is_told(path: Path) -> None:
    late = Late(path)
    path.write_bytes(tiny_model(ABLE_CARD.model_copy(update={"version": "2"})))
    with pytest.raises(ModelRejected, match=r"late\.onnx was overwritten meanwhile; start the workers again"):
        late.predictor.predict(GREY, ColorizeOptions())


def test_one_without_a_card_is_refused_by_name(path: Path) -> None:
    path.write_bytes(tiny_model(None))
    with pytest.raises(ModelRejected, match=r"late\.onnx: .*no Photochrom model card"):
        Late(path)
