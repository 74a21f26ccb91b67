import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from photochrom.seeing.boxes import WHOLE
from photochrom.seeing.look import choose_look
from photochrom.seeing.strips import LARGEST_ASPECT, MOST_WINDOWS, windows


@given(st.floats(1, LARGEST_ASPECT), st.booleans())
def test_ordinary_photographs_stay_whole(aspect: float, tall: bool) -> None:
    assert windows(*((aspect * 400, 400) if tall else (400, aspect * 400))) == (WHOLE,)


@given(st.floats(3.01, 300))
def test_windows_cover_a_strip_with_overlaps_and_are_bounded(aspect: float) -> None:
    found = windows(300, 300 * aspect)
    assert 2 <= len(found) <= MOST_WINDOWS
    assert found[0].left == 0
    assert found[-1].right == pytest.approx(1)
    for one, other in itertools.pairwise(found):
        overlap = (one.right - other.left) / (one.right - one.left)
        assert 0.249 < overlap < 0.501
    turned = windows(300 * aspect, 300)
    assert [(box.top, box.bottom) for box in turned] == [(box.left, box.right) for box in found]


@given(st.floats(3.01, 80))
def test_each_place_is_weighed_without_a_step(aspect: float) -> None:
    look = choose_look(
        np.tile(np.linspace(0, 100, 64, dtype=np.float32), (64, 1)), (300, round(300 * aspect))
    )
    columns = 3000
    total = np.zeros(columns)
    for view in look.views:
        place = view.box.cells((10, columns))[1]
        weight = view.weight((10, place.stop - place.start))[0]
        assert np.abs(np.diff(weight)).max() < 2 * 1.5 / (0.249 * len(weight))
        total[place] += weight
    assert_allclose(total, 1, atol=0.1)
    assert f"{len(look.views)} overlapping windows" in look.notes[0]


def test_a_line_is_no_panorama() -> None:
    assert windows(1, 2000) == (WHOLE,)
