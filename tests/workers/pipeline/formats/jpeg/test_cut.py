from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workers.pipeline.formats.jpeg.cut import Part, cut, grown
from workers.pipeline.formats.jpeg.file import JpegFile

PARTS = [Part(0, 30, 0, 40), Part(33, 90, 47, 120), Part(80, 131, 100, 173)]


@pytest.mark.parametrize("colored", [True, False], ids=["colour", "grey"])
def test_parts_of_every_kind_of_jpeg_have_the_very_luma_of_the_whole(
    encode_jpeg: Callable[..., bytes], luma_of: Callable[[bytes], Any], colored: bool
) -> None:
    rng = np.random.default_rng(5)
    size = (131, 173, 3) if colored else (131, 173)
    picture = np.cumsum(rng.integers(-9, 10, size), axis=1).astype(np.int64) + 128
    data = encode_jpeg(np.clip(picture, 0, 255).astype(np.uint8))
    jpeg, luma = JpegFile.read(data), luma_of(data)
    for part, piece in zip(PARTS, cut(jpeg, PARTS), strict=True):
        place = grown(part, jpeg)
        assert place.top <= part.top
        assert place.bottom >= part.bottom
        assert place.left <= part.left
        assert place.right >= part.right
        there = luma[place.top : place.bottom, place.left : place.right]
        assert np.array_equal(luma_of(bytes(piece)), there)
