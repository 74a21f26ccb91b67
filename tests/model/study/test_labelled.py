from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.study.labelled import VOID, camvid, network_input, read_sets, tiny
from photochrom import color
from photochrom.errors import PhotoRejected
from support.pictures.probe_sets import packed, stripes, write_classes, write_streets


def test_photographs_leave_the_mosaic_in_their_order(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    squares = random.integers(0, 256, (100, 1, 1, 3)).astype(np.uint8).repeat(64, 1).repeat(64, 2)
    mosaic = squares.reshape(10, 10, 64, 64, 3).swapaxes(1, 2).reshape(640, 640, 3)
    np.savez(tmp_path / "set.npz", **packed("train", [mosaic], np.arange(100, dtype=np.uint8)))
    found = tiny(tmp_path / "set.npz", "train")
    truth = color.lightness(squares[:, 0, 0] / 255.0) * 2.55
    assert found.lightness.shape == (100, 1, 64, 64)
    assert np.abs(found.lightness[:, 0, 3, 5].numpy() - truth).max() <= 0.51
    assert found.labels.tolist() == list(range(100))


def test_the_last_mosaic_may_be_filled_in_part(tmp_path: Path) -> None:
    mosaic = np.zeros((640, 640, 3), np.uint8)
    np.savez(tmp_path / "set.npz", **packed("val", [mosaic], np.zeros(30, np.uint8)))
    assert len(tiny(tmp_path / "set.npz", "val").lightness) == 30
    np.savez(tmp_path / "set.npz", **packed("val", [mosaic], np.zeros(101, np.uint8)))
    with pytest.raises(PhotoRejected, match="101 labels, but only 100"):
        tiny(tmp_path / "set.npz", "val")


def test_the_folder_as_distributed_is_read_too(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "wnids.txt").write_text("n02\nn01\n")
    (tmp_path / "val" / "images").mkdir(parents=True)
    for wnid, label in (("n01", 1), ("n02", 0)):
        (tmp_path / "train" / wnid / "images").mkdir(parents=True)
        for number in range(3):
            Image.fromarray(stripes(label, random)).save(
                tmp_path / "train" / wnid / "images" / f"{wnid}_{number}.JPEG"
            )
    Image.fromarray(stripes(1, random)).convert("L").save(tmp_path / "val" / "images" / "val_0.JPEG")
    (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01\t0\t0\t62\t62\n")
    train, validation = tiny(tmp_path, "train"), tiny(tmp_path, "val")
    assert train.lightness.shape == (6, 1, 64, 64)
    assert sorted(train.labels.tolist()) == [0, 0, 0, 1, 1, 1]
    assert train.labels.equal(tiny(tmp_path, "train").labels)
    assert validation.labels.tolist() == [1]


def test_frames_keep_their_size_and_void(tmp_path: Path) -> None:
    write_streets(tmp_path / "camvid.npz", frames=3, height=36, width=50)
    for split in ("train", "val", "test"):
        frames = camvid(tmp_path / "camvid.npz", split)
        assert frames.lightness.shape == (3, 1, 36, 50)
        assert frames.labels.shape == (3, 36, 50)
        assert set(frames.labels.unique().tolist()) <= {0, 2, 3, VOID}


def test_the_network_sees_black_as_minus_one_and_white_as_one() -> None:
    assert network_input(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == pytest.approx([-1, 1])


def test_some_photographs_are_the_first_or_from_all_over(tmp_path: Path) -> None:
    write_classes(tmp_path / "set.npz")
    found = tiny(tmp_path / "set.npz", "val")
    assert found.first(7).labels.equal(found.labels[:7])
    assert found.evenly(4).labels.equal(found.labels[[0, 25, 50, 75]])
    assert found.evenly(None).labels.equal(found.labels)
    assert len(found.evenly(1000).labels) == 100
    assert sum(len(batch) for batch in found.inputs(32)) == 100


@pytest.mark.parametrize("damage", ["missing", "no archive", "no such part", "no picture"])
def test_what_is_damaged_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "set.npz"
    if damage == "no archive":
        path.write_bytes(b"nothing")
    elif damage == "no such part":
        np.savez(path, train_labels=np.zeros(3, np.uint8))
    elif damage == "no picture":
        wrong = {"train_bytes": np.zeros(40, np.uint8), "train_offsets": np.array([0, 40])}
        np.savez(path, **wrong, train_labels=np.zeros(3, np.uint8))
    with pytest.raises(PhotoRejected, match=r"set\.npz"):
        tiny(path, "train")


def test_a_folder_that_lacks_its_lists_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoRejected, match="not Tiny-ImageNet as distributed"):
        tiny(tmp_path, "train")


def test_all_sets_are_read_at_once(tmp_path: Path) -> None:
    write_classes(tmp_path / "classes.npz")
    write_streets(tmp_path / "streets.npz")
    sets = read_sets(tmp_path / "classes.npz", tmp_path / "streets.npz")
    assert [len(part.labels) for part in sets] == [100, 100, 6, 6]
