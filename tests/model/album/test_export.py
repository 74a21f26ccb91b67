from pathlib import Path

import numpy as np
import torch

from model.album.export import TOLERANCE, Both, export
from model.album.network import PRINT_CELL, PRINT_SIDE, Pages, Sides
from workers.network.album import OnnxAlbum

CELLS = PRINT_SIDE // PRINT_CELL


def test_a_worker_reads_the_exported_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "album.onnx"
    assert export(Both(Pages().eval(), Sides().eval()), "0.0.1", path) <= TOLERANCE
    assert path.stat().st_size < 2_000_000
    album = OnnxAlbum(path, threads=1)
    votes_, _ = album.votes(np.zeros((album.card.page_side,) * 2 + (3,), np.uint8))
    assert votes_.shape == (6, 64, 64)
    sides, is_one = album.sides(np.zeros((19, album.card.print_side, album.card.print_side, 3), np.uint8))
    assert sides.shape == (19, 4, CELLS, CELLS)
    assert is_one.shape == (19,)
    np.testing.assert_allclose(sides.sum(axis=-1), 1, atol=1e-4)
