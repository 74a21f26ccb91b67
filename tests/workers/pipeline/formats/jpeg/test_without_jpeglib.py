"""Where jpeglib has no wheel (Linux on arm64): grey JPEGs keep their scans, JPEGs of colour are encoded anew."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import color
from photochrom.photo.film import SENSITIVITIES, Film
from support.networks.tiny_model import tiny_model
from support.servers.running import ROOT

SCRIPT = """
import json, sys
sys.modules["jpeglib"] = None  # its import fails
from pathlib import Path
from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import OnnxPredictor
from workers.pipeline.colorizer import colorize
folder = Path(sys.argv[1])
predictor = OnnxPredictor(folder / "tiny.onnx", threads=1)
plain = ColorizeOptions(quality=98)
relit = ColorizeOptions(quality=98, light="panchromatic", film="blue")
uncolor, levelled = ColorizeOptions(quality=98, uncolor=True), ColorizeOptions(quality=98, levels="auto")
asked = {"grey": plain, "colour": plain, "old": relit, "uncolored": uncolor, "levelled": levelled}
for name, options in asked.items():
    result = colorize(folder / f"{name}.jpg", predictor, options, preview_side=64)
    (folder / f"{name}.out.jpg").write_bytes(result.data)
    (folder / f"{name}.json").write_text(json.dumps([result.media_type, *result.warnings]))
"""


@pytest.fixture
def folder(tmp_path: Path, grey_photo: np.ndarray, rgb_photo: np.ndarray) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(tiny_model())
    faded = (grey_photo // 2 + 60).astype(np.uint8)
    for name, pixels in (
        ("grey", grey_photo),
        ("colour", rgb_photo),
        ("old", grey_photo),
        ("uncolored", rgb_photo),
        ("levelled", faded),
    ):
        Image.fromarray(pixels).save(tmp_path / f"{name}.jpg", quality=90)
    env = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], check=True, env=env, cwd=tmp_path)
    return tmp_path


def test_colour_is_encoded_anew_with_a_note_and_grey_keeps_its_luma(
    folder: Path, luma_of, lightness_of
) -> None:
    assert "again" not in (folder / "grey.json").read_text()
    source, result = ((folder / f"grey{end}").read_bytes() for end in (".jpg", ".out.jpg"))
    assert (luma_of(source) == luma_of(result)).all()
    said = (folder / "colour.json").read_text()
    assert "image/jpeg" in said
    assert "cannot be carried over as it is; it was decoded and encoded again" in said
    source, result = (
        np.asarray(Image.open(io.BytesIO((folder / f"colour{end}").read_bytes())))
        for end in (".jpg", ".out.jpg")
    )
    assert source.shape == result.shape
    assert np.abs(lightness_of(source) - lightness_of(result)).mean() < 1


def test_light_is_made_anew_by_way_of_pixels(folder: Path) -> None:
    assert "it was decoded and encoded again" in (folder / "old.json").read_text()
    scan, result = (
        color.linear(np.asarray(Image.open(folder / f"old{end}")) / 255) for end in (".jpg", ".out.jpg")
    )
    seen = color.lightness_of_luminance(result @ np.array(SENSITIVITIES[Film.BLUE].weights))
    assert np.abs(seen - color.lightness_of_luminance(scan)).mean() < 1


def test_colour_is_taken_away_and_levels_are_set_by_way_of_pixels(folder: Path, lightness_of) -> None:
    colour, grey, faded, levelled = (
        lightness_of(np.asarray(Image.open(folder / name).convert("RGB")))
        for name in ("uncolored.jpg", "uncolored.out.jpg", "levelled.jpg", "levelled.out.jpg")
    )
    assert np.abs(colour - grey).mean() < 1
    assert levelled.min() < faded.min() < faded.max() < levelled.max()
    assert "it was decoded and encoded again" in (folder / "levelled.json").read_text()
