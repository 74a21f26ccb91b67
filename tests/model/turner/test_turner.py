"""The turner from photographs to its file: it learns, torch and file agree, a worker reads its card."""

import copy
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.network import Colorizer
from model.turner.__main__ import examples, table
from model.turner.export import export
from model.turner.fit import decided, fit, maps_of, shares, turns
from model.turner.network import SIDE, Turner
from photochrom.errors import ModelRejected
from photochrom.photo.cards.turner import TurnerCard
from support.pictures.photographs import PHOTOS
from workers.network.turner import OnnxTurner

CARD = TurnerCard(
    version="1",
    side=SIDE,
    threshold=0.9,
    decided=0.5,
    wrong=0.01,
    measured="nothing",
    weights_sha256="0" * 64,
)


@pytest.fixture(scope="module")
def turner(make_smallest: Callable[[], Colorizer]) -> Turner:
    return Turner(make_smallest())


def skies(count: int) -> torch.Tensor:
    """L* (N,1,S,S): light above, dark below."""
    random = torch.Generator().manual_seed(1)
    ramp = torch.linspace(90, 10, SIDE)[:, None].expand(SIDE, SIDE)
    return (ramp + 8 * torch.randn((count, 1, SIDE, SIDE), generator=random)).clamp(0, 100)


def test_turns_are_clockwise() -> None:
    picture = torch.zeros(1, 1, SIDE, SIDE)
    picture[..., 0, :] = 100  # the upper edge goes to the right one
    assert (turns(picture)[0, 1, 0, :, -1] == 100).all()


def test_it_learns_which_way_is_up(turner: Turner) -> None:
    fitted = copy.deepcopy(turner)
    maps = maps_of(fitted, skies(24))
    losses = list(fit(fitted, maps[:16], 60, 0))
    assert losses[-1] < losses[0]
    assert (shares(fitted, maps[16:]).argmax(1) == 0).all()


def test_what_is_decided_and_what_of_it_is_wrong() -> None:
    likely = torch.tensor([[0.95, 0.05, 0, 0], [0.02, 0.96, 0.02, 0], [0.5, 0.3, 0.1, 0.1], [1, 0, 0, 0]])
    assert decided(likely, 0.9) == (0.75, 0.25)
    assert "| 0.90 | 75% | 25.0% |" in table(likely, 0.9)


def test_file_and_torch_agree_and_a_worker_reads_it(turner: Turner, tmp_path: Path) -> None:
    path = tmp_path / "turner.onnx"
    assert export(turner, CARD, path) < 0.05
    found = OnnxTurner(path, threads=1)
    assert found.side == SIDE
    assert found.card.model_copy(update={"weights_sha256": "0" * 64}) == CARD
    sky = skies(1)[0, 0]
    with torch.inference_mode():
        wanted = shares(turner, maps_of(turner, sky[None, None]))[0]
    assert found.turned(sky.numpy()).sureness == pytest.approx(float(wanted.max()), abs=0.01)


def test_photographs_are_read_as_for_training(turner: Turner, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        for name in ("astronaut", "coffee"):
            tar.add(PHOTOS / f"{name}.jpg", f"{name}.jpg")
    maps = examples(turner, tmp_path / "photos.tar", 2, 1)
    assert maps.shape[:2] == (2, 4)
    assert bool(maps.isfinite().all())


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "turner.onnx"
    for content in (b"", b"not an onnx file"):
        path.write_bytes(content)
        with pytest.raises(ModelRejected, match=r"turner\.onnx"):
            OnnxTurner(path)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelRejected):
        OnnxTurner(path)
