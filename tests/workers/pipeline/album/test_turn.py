from typing import Any

import cv2
import numpy as np
import pytest

from photochrom.photo.frames import Frame
from workers.pipeline.album.turn import bounds, cut_out, is_straight


def smooth(size: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return a picture without detail that turning twice would lose."""
    noise = np.random.default_rng(2).random(size).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 6)
    low, high = blurred.min(), blurred.max()
    return ((blurred - low) / (high - low) * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize("angle", [-14.0, 3.0, 97.0, 180.0])
def test_what_was_laid_askew_comes_out_upright(dtype: Any, channels: tuple[int, ...], angle: float) -> None:
    photo = smooth((120, 180, *channels), dtype)
    frame = Frame(x=201.3, y=180.7, width=180, height=120, angle=angle)
    # OpenCV counts from the middle of the first pixel, and turns the other way round.
    lay = cv2.getRotationMatrix2D((89.5, 59.5), -angle, 1)
    lay[:, 2] += (frame.x - 90, frame.y - 60)
    page = cv2.warpAffine(photo, lay, (400, 360), flags=cv2.INTER_CUBIC)
    found = cut_out(page, frame)
    assert found.dtype == dtype
    assert found.shape[0] - 120 in (0, 1)
    inner = (slice(4, 116), slice(4, 176))
    error = np.abs(found[: len(photo), :180][inner].astype(float) - photo[inner]) / np.iinfo(dtype).max
    assert error.max() < (0.01 if not is_straight(frame) else 0.05)


def test_what_lies_straight_keeps_its_pixels() -> None:
    page = np.random.default_rng(0).integers(0, 65536, (90, 140, 3), np.uint16)
    upright = cut_out(page, Frame(x=60, y=40, width=50, height=30))
    assert np.array_equal(upright, page[25:55, 35:85])
    lying = cut_out(page, Frame(x=60, y=40, width=30, height=50, angle=90))
    assert np.array_equal(lying, np.rot90(page[25:55, 35:85]))


def test_a_frame_may_reach_beyond_the_page() -> None:
    page = smooth((60, 80), np.uint8)
    assert cut_out(page, Frame(x=75, y=55, width=40, height=30, angle=10)).shape == (30, 40)
    assert bounds(Frame(x=75, y=55, width=40, height=30), 60, 80) == (slice(40, 60), slice(55, 80))


def test_tiles_meet_without_a_seam() -> None:
    page = smooth((300, 2600), np.uint8)
    frame = Frame(x=1300, y=150, width=2500, height=100, angle=2)
    found = cut_out(page, frame).astype(int)
    assert np.abs(np.diff(found, axis=1)).max() <= np.abs(np.diff(page.astype(int), axis=1)).max() + 3
