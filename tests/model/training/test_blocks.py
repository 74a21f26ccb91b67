"""Photographs in blocks of AVIF mosaics."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.training.augment import augment, generator
from model.training.blocks import block_tars, count_by_kind, count_in_blocks, read_blocks
from model.training.data import HeldPhotos, count_all, count_photos
from model.training.stored import Stored
from photochrom.errors import PhotoRejected


def soft_scenes(count: int, seed: int) -> torch.Tensor:
    coarse = 0.2 + 0.6 * torch.rand(count, 3, 8, 8, generator=generator(seed))
    smooth = torch.nn.functional.interpolate(coarse, (256, 256), mode="bicubic")
    return (smooth * 255).clamp(0, 255).byte()


def avif(grey: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "AVIF", quality=90)
    return buffer.getvalue()


def mosaics(stored: Stored) -> tuple[bytes, bytes]:
    light = np.zeros((100, 256, 256), np.uint8)
    colors = np.full((100, 2, 64, 64), 128, np.uint8)
    light[: len(stored.ab)], colors[: len(stored.ab)] = stored.lightness[:, 0], stored.ab
    light = light.reshape(10, 10, 256, 256).swapaxes(1, 2).reshape(2560, 2560)
    colors = colors.reshape(10, 10, 2, 64, 64).transpose(0, 3, 1, 2, 4).reshape(640, 1280)
    return avif(light), avif(colors)


@pytest.fixture(scope="module")
def truth() -> Stored:
    return Stored.of_rgb(soft_scenes(14, 3))


@pytest.fixture(scope="module")
def tar(truth: Stored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two blocks of eight and six photographs."""
    path = tmp_path_factory.mktemp("blocks") / "train.tar"
    files = {
        "sources.tsv": b"0\tone/set\tstreets\n3\tanother/set\tfaces\n",
        "index.tsv": b"0000\t8\t0,0,0,3,0,0,0,0\n0001\t6\t3,3,0,0,0,0\n",
    }
    for number, part in (("0000", slice(0, 8)), ("0001", slice(8, 14))):
        light, colors = mosaics(Stored(truth.lightness[part], truth.ab[part]))
        files |= {f"{number}-L.avif": light, f"{number}-ab.avif": colors}
    with tarfile.open(path, "w") as out:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))
    return path


def test_blocks_hold_the_photographs_in_their_order(tar: Path, truth: Stored) -> None:
    parts = list(read_blocks(tar))
    assert [len(part.ab) for part in parts] == [8, 6]
    light, colors = (torch.cat(kept) for kept in zip(*((p.lightness, p.ab) for p in parts), strict=True))
    assert (light.float() - truth.lightness).abs().mean() < 2
    assert (colors.float() - truth.ab).abs().mean() < 2


def test_counting_needs_no_decoding_and_tells_what_they_show(tar: Path) -> None:
    assert count_in_blocks(tar) == count_all(tar.parent) == 14
    assert count_by_kind([tar]) == {"streets": 11, "faces": 3}


def test_blocks_and_other_photographs_train_together(tar: Path, photos: Path, truth: Stored) -> None:
    assert block_tars(photos) == []
    assert count_photos(tar) == 0
    held = HeldPhotos.load([tar, photos], 256, 4, 0, "cpu", None, quiet=True)
    assert held.size == 14 + 24
    assert (held.stored.lightness[:14].float() - truth.lightness).abs().mean() < 2


def test_blocks_can_be_held_smaller(tar: Path, truth: Stored) -> None:
    held = HeldPhotos.load([tar], 128, 4, 0, "cpu", 10, quiet=True)
    assert held.stored.lightness.shape == (10, 1, 128, 128)
    assert held.stored.ab.shape == (10, 2, 32, 32)
    coarse = torch.nn.functional.avg_pool2d(truth.lightness[:10].float(), 2)
    assert (held.stored.lightness.float() - coarse).abs().mean() < 3


@pytest.mark.parametrize("broken", ["missing", "damaged", "small"])
def test_a_broken_block_is_refused(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.tar"
    files = {"index.tsv": b"0000\t1\t0\n"}
    if broken != "missing":
        grey = avif(np.zeros((64, 64), np.uint8)) if broken == "small" else b"no picture"
        files |= {"0000-L.avif": grey, "0000-ab.avif": grey}
    with tarfile.open(path, "w") as out:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))
    with pytest.raises(PhotoRejected):
        list(read_blocks(path))


def test_what_is_stored_is_what_the_photograph_shows() -> None:
    rgb = soft_scenes(5, 9)
    stored = Stored.of_rgb(rgb)
    assert (stored.rgb().float() - rgb.float()).abs().mean() < 2
    batch = augment(stored.take(torch.arange(5)), 256, generator(0), smallest=1.0, age=False)
    assert batch.ab.shape == (5, 2, 64, 64)
