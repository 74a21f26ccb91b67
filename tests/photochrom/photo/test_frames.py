import math

import pytest

from photochrom.photo.frames import MOST_FRAMES, BadFrames, Frame, checked, whole


def test_a_turned_frame_has_its_corners_turned_clockwise() -> None:
    frame = Frame(x=100, y=50, width=40, height=20, angle=90)
    assert [tuple(round(place, 6) for place in corner) for corner in frame.corners] == [
        (110, 30),
        (110, 70),
        (90, 70),
        (90, 30),
    ]
    assert math.isclose(frame.scaled(2).area, 4 * frame.area)


def test_frames_beside_each_other_and_over_the_rim_of_the_page_are_taken() -> None:
    side_by_side = [Frame(x=x, y=100, width=90, height=120, angle=3) for x in (40, 150, 250)]
    checked(side_by_side, 300, 200)
    checked([], 300, 200)
    checked([whole(300, 200)], 300, 200)


@pytest.mark.parametrize(
    ("frames", "word"),
    [
        ([Frame(x=500, y=100, width=90, height=90)], "outside"),
        ([Frame(x=-20, y=100, width=90, height=90)], "outside"),
        ([Frame(x=50, y=50, width=90, height=8)], "at least"),
        (
            [Frame(x=50, y=50, width=90, height=90), Frame(x=51, y=50, width=90, height=90, angle=0.5)],
            "remove",
        ),
        ([Frame(x=50, y=50, width=20 + i, height=20) for i in range(MOST_FRAMES + 1)], "at most"),
    ],
    ids=["beside the page", "mostly beside it", "too small", "twice the same", "too many"],
)
def test_frames_that_do_not_fit_their_page_are_refused_with_a_sentence(
    frames: list[Frame], word: str
) -> None:
    with pytest.raises(BadFrames, match=word):
        checked(frames, 300, 200)
