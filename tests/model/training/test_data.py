import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.training.data import (
    HeldPhotos,
    StreamedPhotos,
    count_photos,
    decode_square,
    read_photos,
    reason_to_skip,
)
from photochrom.errors import PhotoRejected


def test_a_folder_is_read_recursively_and_a_tar_inside_too(photos: Path, good_photos: Path) -> None:
    names = [name for name, _ in read_photos(photos)]
    assert len(names) == 26  # 24 scenes, a grey and a damaged one; not the notes
    assert "deeper/scene-01.jpg" in names
    assert [name for name, _ in read_photos(good_photos.parent)] == [f"scene-{n}.png" for n in range(50, 58)]


def test_counting_agrees_with_reading(photos: Path, good_photos: Path) -> None:
    assert count_photos(photos) == 26
    assert count_photos(good_photos) == count_photos(good_photos.parent) == 8


@pytest.mark.parametrize("read", [lambda path: list(read_photos(path)), count_photos])
def test_what_is_no_set_of_photographs_is_refused(tmp_path: Path, read: object) -> None:
    (tmp_path / "broken.tar").write_bytes(b"no tar")
    for name in ("absent", "broken.tar"):
        with pytest.raises(PhotoRejected, match=name):
            read(tmp_path / name)  # type: ignore[operator]


def test_decoding_crops_the_centre_square_upright() -> None:
    rgb = np.zeros((40, 80, 3), np.uint8)
    rgb[:, 20:60] = 200, 30, 30
    image, buffer = Image.fromarray(rgb.transpose(1, 0, 2)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(buffer, "PNG", exif=exif)
    square = decode_square(buffer.getvalue(), 40)
    assert square.shape == (40, 40, 3)
    assert (square == (200, 30, 30)).all()


def test_a_damaged_photograph_is_refused() -> None:
    with pytest.raises(PhotoRejected, match="readable"):
        decode_square(b"\xff\xd8\xff nothing", 64)


def test_grey_photographs_and_drawings_teach_nothing() -> None:
    random = np.random.default_rng(0)
    colour = random.integers(0, 255, (64, 64, 3), np.uint8)
    drawing = np.zeros((64, 64, 3), np.uint8)
    drawing[:32] = 255, 0, 0
    sepia = ((100 + colour[..., :1] // 8) * np.array([1.0, 0.8, 0.6])).astype(np.uint8)
    muted = (128 + (colour.astype(float) - 128) * 0.05).astype(np.uint8)
    assert reason_to_skip(colour) is None
    assert reason_to_skip(muted) == "nearly grey"
    assert reason_to_skip(sepia) == "of one tone"
    assert reason_to_skip(colour[..., :1].repeat(3, -1)) == "nearly grey"
    assert reason_to_skip(drawing) == "flat drawings"


@pytest.fixture(scope="session")
def held(photos: Path) -> HeldPhotos:
    return HeldPhotos.load([photos], 64, batch=6, seed=1, device="cpu", limit=None)


def test_held_photographs_leave_out_grey_and_damaged_ones(held: HeldPhotos) -> None:
    assert held.stored.lightness.shape == (24, 1, 64, 64)
    assert held.stored.ab.shape == (24, 2, 16, 16)


def test_an_epoch_shows_every_photograph_once_over_all_ranks(held: HeldPhotos) -> None:
    batches = [held.batches(4, rank, world=2) for rank in (0, 1)]  # two steps make an epoch
    seen = torch.cat([next(b).lightness for _ in range(2) for b in batches])
    assert len(seen.flatten(1).unique(dim=0)) == 24


def test_a_batch_depends_on_the_step_alone(held: HeldPhotos) -> None:
    walked = held.batches(0)
    for _ in range(6):
        next(walked)
    assert torch.equal(next(walked).ab, next(held.batches(6)).ab)
    assert not torch.equal(next(held.batches(6)).ab, next(held.batches(10)).ab)  # the next epoch's order


def test_what_was_kept_and_why_the_rest_was_not_is_said(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    HeldPhotos.load([photos], 64, 6, 0, "cpu", limit=None)
    said = capsys.readouterr().err
    assert "decoded 26 of 26 photographs" in said
    assert "kept 24 photographs, left out 1 unreadable, 1 nearly grey" in said
    HeldPhotos.load([photos], 64, 6, 0, "cpu", limit=None, quiet=True)
    assert not capsys.readouterr().err


def test_a_limit_takes_the_first(photos: Path) -> None:
    assert HeldPhotos.load([photos], 64, 2, 0, "cpu", limit=5).size == 5


def test_too_few_photographs_are_refused(photos: Path) -> None:
    with pytest.raises(PhotoRejected, match="Only 24"):
        HeldPhotos.load([photos], 64, 25, 0, "cpu", limit=None)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_shows_every_photograph_in_each_pass(photos: Path, workers: int) -> None:
    stream = StreamedPhotos([photos], 64, batch=4, seed=0, workers=workers).batches(0)
    seen = torch.cat([next(stream).lightness for _ in range(6)])
    assert seen.shape == (24, 1, 64, 64)
    assert len(seen.flatten(1).unique(dim=0)) == 24


def test_a_stream_without_colour_is_refused(tmp_path: Path) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "grey.png")
    with pytest.raises(PhotoRejected, match="No colour"):
        next(StreamedPhotos([tmp_path], 64, 1, 0, workers=0).batches(0))
