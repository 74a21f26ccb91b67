from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.testing import assert_allclose

from model.repair.export import TOLERANCE, export
from model.repair.network import Finder
from photochrom.errors import ModelRejected
from support.queue.queueing import MODEL
from workers.network.finder import OnnxFinder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of untrained weights: what is tested holds for any."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "finder.onnx"
    assert export(Finder(), "0.0.1", path) <= TOLERANCE
    return path


def test_a_file_has_fp16_weights_and_is_small(weights: Path) -> None:
    assert weights.stat().st_size < 1_000_000


@pytest.mark.parametrize("size", [(16, 16), (37, 53), (1, 200)])
def test_any_size_is_answered_at_its_own_size(weights: Path, size: tuple[int, int]) -> None:
    found = OnnxFinder(weights, threads=1).find(np.full(size, 128, np.uint8))
    assert found.shape == size
    assert found.dtype == np.uint8


def test_more_strength_asks_for_less(weights: Path) -> None:
    asked = [OnnxFinder(weights, threads=1).thresholds(strength) for strength in (0, 0.25, 0.5, 0.75, 1)]
    assert asked == sorted(asked, reverse=True)
    assert all(sure.weak < sure.plain <= sure.small <= sure.large for sure in asked)


def test_it_says_which_it_is(weights: Path) -> None:
    card = OnnxFinder(weights, threads=1).card
    assert (card.name, card.version, len(card.weights_sha256)) == ("finder", "0.0.1", 64)


def test_what_lies_beyond_the_margin_does_not_matter(weights: Path) -> None:
    """Or tiles would show."""
    finder = OnnxFinder(weights, threads=1)
    plane = np.random.default_rng(1).integers(0, 256, (384, 384)).astype(np.uint8)
    whole, part = finder.find(plane), finder.find(plane[:256])
    inside = 256 - finder.margin
    assert_allclose(part[:inside].astype(int), whole[:inside].astype(int), atol=1)


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelRejected, match="not a finder"):
        OnnxFinder(MODEL)


def test_a_file_that_allows_no_doubt_is_read(weights: Path, tmp_path: Path) -> None:
    model = onnx.load(weights)
    kept = [told for told in model.metadata_props if not told.key.endswith("sure.eased")]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, tmp_path / "finder.onnx")
    sure, eased = (
        OnnxFinder(path, threads=1).thresholds(0.5) for path in (tmp_path / "finder.onnx", weights)
    )
    assert sure == eased._replace(eased=0) != eased
