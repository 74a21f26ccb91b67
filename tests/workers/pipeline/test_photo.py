import numpy as np
import pytest

from workers.pipeline.photo import to_8bit


@pytest.mark.parametrize("shape", [(65536,), (256, 256), (256, 256, 1), (128, 128, 4)])
def test_16_bits_are_rounded_to_the_nearest_of_8_and_keep_their_shape(shape: tuple[int, ...]) -> None:
    samples = np.arange(65536, dtype=np.uint16).reshape(shape)
    nearest = np.floor(samples / 257 + 0.5).astype(np.uint8)
    assert np.array_equal(to_8bit(samples), nearest)
    assert np.array_equal(to_8bit(samples[::-1, ...]), nearest[::-1, ...])


def test_8_bits_stay() -> None:
    samples = np.arange(256, dtype=np.uint8)
    assert to_8bit(samples) is samples
