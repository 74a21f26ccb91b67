import numpy as np
import pytest

from workers.pipeline.formats.jpeg.dct import DCT, SIDE, blocks_of


def test_the_transform_is_undone_by_its_transpose() -> None:
    block = np.random.default_rng(3).uniform(-128, 127, (SIDE, SIDE)).astype(np.float32)
    np.testing.assert_allclose(DCT.T @ (DCT @ block @ DCT.T) @ DCT, block, atol=1e-3)


def test_an_even_block_is_its_first_coefficient_alone() -> None:
    transformed = DCT @ np.full((SIDE, SIDE), 5, np.float32) @ DCT.T
    assert transformed[0, 0] == pytest.approx(5 * SIDE)
    transformed[0, 0] = 0
    np.testing.assert_allclose(transformed, 0, atol=1e-5)


def test_blocks_lie_as_in_the_plane_which_goes_on_beyond_its_edges() -> None:
    plane = np.arange(10 * 17).reshape(10, 17)
    blocks = blocks_of(plane, 16, 24)
    assert blocks.shape == (2, 3, SIDE, SIDE)
    assert (blocks[0, 1] == plane[:8, 8:16]).all()
    assert (blocks[1, 2] == np.concatenate([plane[8:, 16:], np.repeat(plane[-1:, 16:], 6, 0)])).all()
