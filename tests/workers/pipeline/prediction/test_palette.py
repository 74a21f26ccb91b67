import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import CapabilityMissing, ReferenceRejected
from photochrom.photo.options import ColorizeOptions
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import PHOTOS, grey_jpeg
from workers.network.predictor import OnnxPredictor
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.prediction.palette import palette_of, with_palette_of

LIMITS = PhotoLimits()


def able(tmp_path: Path) -> OnnxPredictor:
    path = tmp_path / "able.onnx"
    path.write_bytes(tiny_model(ABLE_CARD))
    return OnnxPredictor(path, threads=1)


@pytest.mark.parametrize(
    ("rgb", "bin_"), [((128, 128, 128), 0), ((220, 90, 70), 1), ((60, 160, 60), 2), ((90, 80, 200), 3)]
)
def test_one_colour_falls_into_its_bin(rgb: tuple[int, int, int], bin_: int) -> None:
    pixels = np.broadcast_to(np.array(rgb, np.uint8), (40, 30, 3))
    shares = palette_of(pixels, ABLE_CARD)
    assert shares.argmax() == bin_
    assert shares.sum() == pytest.approx(1)
    deep = palette_of(pixels.astype(np.uint16) * 257, ABLE_CARD)
    np.testing.assert_allclose(deep, shares, atol=1e-3)


def test_halves_have_half_each_at_any_size() -> None:
    for side in (20, 2000):
        pixels = np.zeros((side, side, 3), np.uint8)
        pixels[:, : side // 2] = (220, 90, 70)
        pixels[:, side // 2 :] = (90, 80, 200)
        assert palette_of(pixels, ABLE_CARD)[[1, 3]] == pytest.approx([0.5, 0.5], abs=0.02)


def test_the_reference_moves_the_colours_and_the_first_predictor_stays(tmp_path: Path) -> None:
    predictor = able(tmp_path)
    lent = with_palette_of(PHOTOS / "coffee.jpg", predictor, LIMITS)
    grey = np.full((64, 64), 50, np.float32)
    before = predictor.predict(grey, ColorizeOptions()).ab
    after = lent.predict(grey, ColorizeOptions()).ab
    assert (after - before)[0].mean() > 3
    np.testing.assert_array_equal(predictor.predict(grey, ColorizeOptions()).ab, before)


def grey_rgb_png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 90, 90)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (grey_jpeg(size=(32, 32)), "no colour to lend"),
        (grey_rgb_png(), "no colour to lend"),
        (b"%PDF-1.7", "cannot be used: This is a PDF"),
        ((PHOTOS / "coffee.jpg").read_bytes()[:200], "cannot be used"),
    ],
)
def test_a_reference_without_colours_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "reference"
    path.write_bytes(content)
    with pytest.raises(ReferenceRejected, match=sentence):
        with_palette_of(path, able(tmp_path), LIMITS)


def test_a_model_that_was_not_trained_for_it_refuses(tmp_path: Path) -> None:
    path = tmp_path / "plain.onnx"
    path.write_bytes(tiny_model())
    plain = OnnxPredictor(path, threads=1)
    grey = np.full((64, 64), 50, np.float32)
    with pytest.raises(CapabilityMissing, match="tiny 1 was not trained for colour hints"):
        plain.predict(grey, ColorizeOptions.model_validate({"hints": [{"x": 0, "y": 0, "a": 1, "b": 1}]}))
    with pytest.raises(CapabilityMissing, match="a reference photograph"):
        with_palette_of(PHOTOS / "coffee.jpg", plain, LIMITS).predict(grey, ColorizeOptions())
