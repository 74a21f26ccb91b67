"""Photographs to train on that need no download: coloured scenes whose colour follows from their light."""

import fcntl
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from model import export
from model.losses import class_weights, color_bins
from model.network import Colorizer, NetworkConfig

# Two test processes on two cores: more threads would only wait for each other.
torch.set_num_threads(1)

TINY = NetworkConfig(encoder="tiny", context=32, blocks=1, heads=2, decoder=(32, 32, 32), hints=8)


def scene(seed: int, side: int = 128) -> np.ndarray:
    """A bright blue gradient above coarse dark green grain, RGB (side,side,3): what a network can learn."""
    random = np.random.default_rng(seed)
    horizon = int(side * random.uniform(0.3, 0.7))
    sky = np.linspace(150, 230, horizon)[:, None, None] * np.array([0.6, 0.8, 1.1])
    sky = np.broadcast_to(sky, (horizon, side, 3)) + random.normal(0, 1, (horizon, side, 1))
    grain = random.uniform(20, 130, ((side - horizon + 3) // 4, side // 4, 1)).repeat(4, 0).repeat(4, 1)
    grass = grain[: side - horizon] * np.array([0.8, 1.2, 0.35])
    return np.concatenate([sky, grass]).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 scenes, in a subfolder and of three formats, one grey and one damaged file."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "deeper").mkdir()
    for seed in range(24):
        suffix = ("png", "jpg", "webp")[seed % 3]
        where = folder / "deeper" if seed % 2 else folder
        Image.fromarray(scene(seed)).save(where / f"scene-{seed:02}.{suffix}", quality=95)
    Image.fromarray(scene(99)).convert("L").save(folder / "grey.png")
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    (folder / "notes.txt").write_text("not a photograph")
    return folder


@pytest.fixture(scope="session")
def good_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tar of eight scenes at 256 px."""
    path = tmp_path_factory.mktemp("tar") / "val.tar"
    with tarfile.open(path, "w") as tar:
        for seed in range(50, 58):
            buffer = io.BytesIO()
            Image.fromarray(scene(seed, 256)).save(buffer, "PNG")
            entry = tarfile.TarInfo(f"scene-{seed}.png")
            entry.size = buffer.tell()
            buffer.seek(0)
            tar.addfile(entry, buffer)
    return path


def make_tiny() -> Colorizer:
    torch.manual_seed(0)
    bins = color_bins()
    network = Colorizer(bins, class_weights(torch.arange(len(bins)) + 1.0).log(), TINY)
    for parameter in network.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


@pytest.fixture
def tiny() -> Colorizer:
    """An untrained network small enough for any test, its zero-initialised layers filled."""
    return make_tiny()


@pytest.fixture(scope="session")
def make_smallest() -> Callable[[], Colorizer]:
    """Makes an untrained network for what needs its encoder alone."""

    def make() -> Colorizer:
        torch.manual_seed(0)
        config = NetworkConfig(encoder="tiny", context=16, blocks=1, heads=2)
        return Colorizer(torch.tensor([[0.0, 0.0], [20.0, 20.0]]), torch.zeros(2), config)

    return make


@pytest.fixture(scope="session")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of `tiny`, made by whichever test process needs it first: symbolic sizes take half a minute."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes of this run
    path = folder / "traced.onnx"
    with (folder / "traced.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            onnx.save(export._trace(make_tiny()), path)
    return path
