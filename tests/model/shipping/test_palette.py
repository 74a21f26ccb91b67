"""What the shipped weights do with the palette of another photograph."""

from functools import cache
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from model.color import lab
from model.evaluate import Histogram, histogram_over
from model.measuring.measures import hellinger
from model.predict import SETTINGS, OnnxPredict
from model.training.data import decode_square

SHIPPED = Path("model/weights/photochrom.onnx")
PORTRAIT = Path("tests/photos/astronaut.jpg")
FACE = (slice(18, 32), slice(50, 62))  # rows and columns of the answer, within cheeks and forehead
MOUNTAINS, BOWL = (Path(f"model/weights/examples/{name}.jpg") for name in ("mountains", "bowl"))


@cache
def shipped() -> OnnxPredict:
    return OnnxPredict(SHIPPED)


def seen(path: Path) -> torch.Tensor:
    rgb = torch.from_numpy(decode_square(path.read_bytes(), 256).copy())
    return lab(rgb.permute(2, 0, 1)[None].float() / 255)


def histogram(ab: torch.Tensor) -> torch.Tensor:
    return counted()(ab)


@cache
def counted() -> Histogram:
    return histogram_over(shipped().bins)


def coloured(path: Path, reference: Path | None) -> torch.Tensor:
    lightness = seen(path)[:, :1]
    palette = None if reference is None else histogram(F.avg_pool2d(seen(reference)[:, 1:], 4))
    hints = torch.zeros(1, 3, 256, 256)
    return shipped()(lightness, hints, SETTINGS[1:2], palette)[0][0]


@pytest.mark.parametrize("reference", [MOUNTAINS, BOWL], ids=lambda path: path.stem)
def test_colours_move_to_the_palette(reference: Path) -> None:
    lent = histogram(F.avg_pool2d(seen(reference)[:, 1:], 4))
    without, with_it = (
        float(hellinger(histogram(coloured(PORTRAIT, each)), lent)) for each in (None, reference)
    )
    assert with_it < 0.75 * without


@pytest.mark.parametrize("reference", [MOUNTAINS, BOWL, PORTRAIT], ids=lambda path: path.stem)
def test_skin_stays_skin(reference: Path) -> None:
    a, b = coloured(PORTRAIT, reference)[0][:, *FACE].mean((1, 2)).tolist()
    hue = torch.rad2deg(torch.atan2(torch.tensor(b), torch.tensor(a))).item()
    assert 20 < hue < 85  # between red and yellow, neither green nor blue nor purple
    assert torch.tensor([a, b]).norm() > 3
