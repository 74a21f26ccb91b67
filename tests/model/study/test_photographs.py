"""Unlabelled photographs: what is held, and the views of them."""

from pathlib import Path

import pytest
import torch

from model.losses import color_bins
from model.study.photographs import color_counts, hold, view
from model.training.stored import Stored
from photochrom.errors import PhotoRejected


def numbered() -> Stored:
    """A photograph whose lightness counts its pixels' columns, and whose ab its places' rows and columns."""
    columns = torch.arange(64, dtype=torch.uint8).expand(1, 1, 64, 64)
    places = torch.arange(16, dtype=torch.uint8).expand(16, 16)
    return Stored(columns, torch.stack([places.T, places])[None] + 128)


@pytest.mark.parametrize("seed", range(6))
def test_lightness_and_colors_are_cut_alike(seed: int):
    batch = view(numbered(), 32, torch.Generator().manual_seed(seed))
    columns = ((batch.inputs[0, 0, 0] + 1) * 50 * 2.55).round()
    step = columns[1] - columns[0]
    assert abs(step) == 1
    assert torch.equal(columns.diff(), step.expand(31))
    assert torch.equal(batch.ab[0, 1, 0], columns[::4] // 4)
    assert torch.equal(batch.ab[0, 0, :, 0].diff(), torch.ones(7))  # never upside down


def test_views_differ_but_not_for_the_same_seed(stored: Stored):
    some = stored.take(torch.arange(8))
    one, same, other = (view(some, 32, torch.Generator().manual_seed(seed)).inputs for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_labels_go_with_their_photographs(stored: Stored):
    batch = view(stored.take(torch.tensor([5, 3])), 64, torch.Generator(), torch.arange(64))
    assert batch.labels is not None
    assert batch.labels.tolist() == [5, 3]


def test_the_parts_of_a_batch_are_its_halves(stored: Stored):
    batch = view(stored.take(torch.arange(6)), 32, torch.Generator().manual_seed(0))
    one, other = batch.parts()
    assert torch.equal(torch.cat([one.inputs, other.inputs]), batch.inputs)
    assert torch.equal(torch.cat([one.ab, other.ab]), batch.ab)


def test_colors_are_counted_at_their_nearest_bin():
    ab = torch.tensor([[0, 0], [1, -2], [31, 42]]).T.reshape(1, 2, 1, 3) + 128
    counts = color_counts(ab.byte())
    bins = color_bins().tolist()
    assert counts.sum() == 3
    assert counts[bins.index([0, 0])] == 2
    assert counts[bins.index([30, 40])] == 1


def test_photographs_are_read_once(photos: Path, tmp_path: Path):
    cache = tmp_path / "deeper" / "photographs.pt"
    first = hold([photos], 10, cache)
    written = cache.stat().st_mtime_ns
    again = hold([photos], 10, cache)
    assert first.lightness.shape == (10, 1, 64, 64)
    assert first.ab.shape == (10, 2, 16, 16)
    assert all(torch.equal(x, y) for x, y in zip(first[:2], again[:2], strict=True))
    assert cache.stat().st_mtime_ns == written
    assert len(hold([photos], 6, cache).ab) == 6  # of another count they are read again


def test_a_folder_without_photographs_is_refused(tmp_path: Path):
    with pytest.raises(PhotoRejected):
        hold([tmp_path], 10, tmp_path / "cache.pt")
