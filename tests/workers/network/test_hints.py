import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from photochrom.photo.hints import Hint
from workers.network.hints import hint_planes


def test_no_hints_are_all_zero() -> None:
    assert not hint_planes((), (64, 96)).any()


def test_a_hint_of_the_usual_size_is_seven_pixels_wide() -> None:
    planes = hint_planes([Hint(x=0.5, y=0.25, a=40, b=-20)], (384, 384))
    rows, columns = planes[2].nonzero()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (93, 99, 189, 195)
    assert np.all(planes[:, rows, columns] == np.array([40, -20, 1])[:, None])


@given(st.floats(0, 1), st.floats(0, 1), st.integers(32, 200), st.integers(32, 200))
def test_every_hint_lies_where_it_was_put_in_any_shape(x: float, y: float, height: int, width: int) -> None:
    mask = hint_planes([Hint(x=x, y=y, a=1, b=1)], (height, width))[2]
    assert mask[min(int(round(y, 5) * height), height - 1), min(int(round(x, 5) * width), width - 1)] == 1
    assert mask.sum() <= 25


def test_where_two_meet_the_later_one_counts() -> None:
    here = {"x": 0.5, "y": 0.5}
    planes = hint_planes([Hint(**here, a=1, b=2), Hint(**here, a=3, b=4)], (64, 64))
    assert planes[:, 32, 32].tolist() == [3, 4, 1]
