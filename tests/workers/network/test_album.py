import numpy as np
import pytest

from photochrom.errors import ModelRejected
from support.queue.queueing import MODEL
from workers.network.album import OnnxAlbum
from workers.network.onnx_file import shipped


def test_the_shipped_file_is_small_and_says_which_it_is() -> None:
    path = shipped("album.onnx")
    assert path.stat().st_size < 2_000_000
    card = OnnxAlbum(path).card
    assert card.version.count(".") == 2
    assert len(card.weights_sha256) == 64


def test_each_print_is_judged_by_itself() -> None:
    album = OnnxAlbum(shipped("album.onnx"), threads=1)
    seen = np.random.default_rng(1).integers(0, 256, (18, 128, 128, 3)).astype(np.uint8)
    sides, is_one = album.sides(seen)
    alone, one_alone = album.sides(seen[17:])
    np.testing.assert_allclose(sides[17:], alone, atol=1e-4)
    np.testing.assert_allclose(is_one[17:], one_alone, atol=1e-3)


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelRejected, match="not a finder of photographs"):
        OnnxAlbum(MODEL)
