from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from photochrom.photo.frames import Frame
from support.pictures.photographs import PHOTOS
from workers.pipeline.album.find import find_frames
from workers.pipeline.album.turn import is_straight

NAMES = ("astronaut.jpg", "cat.jpg", "coffee.jpg", "camera.jpg")


def photo(name: str, size: tuple[int, int]) -> np.ndarray:
    with Image.open(PHOTOS / name) as image:
        return np.asarray(image.convert("L").resize(size, Image.Resampling.LANCZOS))


def page(
    frames: list[Frame],
    paper: int,
    size: tuple[int, int] = (800, 600),
    *,
    border: int = 200,
    shadow: float = 0.0,
) -> np.ndarray:
    """Lay photographs with a border on paper with a little texture, and their shadows below them."""
    made = paper + np.random.default_rng(4).normal(0, 1.5, size[::-1])
    for frame, name in zip(frames, cycle(NAMES), strict=False):
        width, height = round(frame.width), round(frame.height)
        lay = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -frame.angle, 1)
        lay[:, 2] += (frame.x - width / 2, frame.y - height / 2)
        picture = cv2.copyMakeBorder(
            photo(name, (width - 12, height - 12)), 6, 6, 6, 6, cv2.BORDER_CONSTANT, value=border
        )
        cover = cv2.warpAffine(np.ones((height, width)), lay, size)
        made *= 1 - shadow * cv2.GaussianBlur(cover, (0, 0), 1.5)
        made += (cv2.warpAffine(picture.astype(float), lay, size) - made) * cover
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def iou(one: Frame, other: Frame) -> float:
    corners = [np.asarray(frame.corners, np.float32) for frame in (one, other)]
    shared = cv2.intersectConvexConvex(*corners)[0]
    return shared / (one.area + other.area - shared)


FOUR = [
    Frame(x=190, y=150, width=240, height=200),
    Frame(x=560, y=170, width=300, height=200, angle=-6),
    Frame(x=200, y=430, width=280, height=210, angle=4),
    Frame(x=590, y=430, width=220, height=220, angle=13),
]


@pytest.mark.parametrize("paper", [38, 120, 242], ids=["dark paper", "grey paper", "light paper"])
def test_the_photographs_of_a_page_are_found_in_the_order_in_which_one_reads(paper: int) -> None:
    found = find_frames(page(FOUR, paper))
    assert len(found) == len(FOUR)
    for frame, truth in zip(found, FOUR, strict=True):
        assert iou(frame, truth) > 0.95, (frame, truth)


def test_white_borders_on_white_paper_are_part_of_small_prints() -> None:
    frames = [
        Frame(x=110 + 195 * column, y=140 + 300 * row, width=110 + tall, height=150 - tall, angle=angle)
        for row in range(2)
        for column, angle in enumerate((5, -4, 3, -2))
        for tall in (0 if (row + column) % 2 else 40,)
    ]
    found = find_frames(page(frames, 242, border=247, shadow=0.2))
    assert len(found) == len(frames)
    for truth in frames:
        # Half a pixel on each side, while the picture's own edge is twelve times as far.
        assert max(iou(frame, truth) for frame in found) > 0.985


def test_what_lies_straight_is_said_to_be_straight() -> None:
    found = find_frames(page(FOUR, 120))
    assert found[0].angle == 0
    assert all(frame.angle == 0 or not is_straight(frame) for frame in found)


def test_what_is_no_rectangle_does_not_lose_the_photographs_beside_it() -> None:
    made = page(FOUR[:3], 242)
    cv2.ellipse(made, (590, 430), (150, 120), 0, 0, 360, (90,), -1)
    found = find_frames(made)
    for truth in FOUR[:3]:
        assert max(iou(frame, truth) for frame in found) > 0.95


@pytest.mark.parametrize("name", sorted(path.name for path in Path(PHOTOS).glob("*.jpg")))
def test_one_photograph_is_not_taken_apart(name: str) -> None:
    with Image.open(PHOTOS / name) as image:
        image.thumbnail((800, 800))
        assert find_frames(np.asarray(image.convert("RGB"))) == []


def test_an_empty_page_holds_none() -> None:
    assert find_frames(page([], 240)) == []
    assert find_frames(np.full((600, 800), 255, np.uint8)) == []
    assert find_frames(np.zeros((1, 1), np.uint8)) == []
