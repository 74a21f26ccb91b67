"""Tiles: each place of a picture is in one tile of each scale, and each tile is found by its place."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photochrom.errors import ObjectNotFound
from photochrom.photo.tiles import HEAD, TILE, WHOLE, Tiling, packed, place_of, span_of, tiling_of

SIDES = st.integers(1, 6000)


@given(SIDES, SIDES)
def test_the_tiles_of_a_scale_cover_the_picture_once(width: int, height: int) -> None:
    tiling = Tiling(width, height)
    for factor in tiling.factors:
        boxes = list(tiling.boxes(factor))
        assert sum(box.width * box.height for box in boxes) == width * height
        assert (
            sum(box.shown[0] * box.shown[1] for box in boxes)
            == tiling.level(factor)[0] * tiling.level(factor)[1]
        )
        assert max(max(box.shown) for box in boxes) <= TILE
    assert len(list(tiling.boxes(tiling.factors[-1]))) == 1


@given(SIDES, SIDES)
@example(1, 1025)
@example(1, 1026)
def test_each_tile_is_found_by_its_place_and_size(width: int, height: int) -> None:
    tiling = Tiling(width, height)
    boxes = [box for factor in tiling.factors for box in tiling.boxes(factor)]
    assert len(boxes) + 1 == tiling.count
    for box in boxes:
        found = tiling.number((box.x, box.y, box.width, box.height), box.shown)
        # Where the whole picture is small, it is one of the tiles; one pixel at an edge is the same tile at two scales.
        assert found == boxes.index(box) or (found == tiling.count - 1 and box.shown == tiling.whole)
    assert tiling.number(None, None) == tiling.count - 1
    assert WHOLE / 2 < max(tiling.whole) <= WHOLE or tiling.whole == (width, height)


@given(SIDES, SIDES, st.tuples(*[st.integers(0, 7000)] * 4), st.tuples(*[st.integers(0, 7000)] * 2))
def test_no_other_place_is_found(
    width: int, height: int, region: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    tiling = Tiling(width, height)
    number = tiling.number(region, size)
    if number is not None and number < tiling.count - 1:
        boxes = [box for factor in tiling.factors for box in tiling.boxes(factor)]
        box = boxes[number]
        assert (box.x, box.y, box.width, box.height) == region


def test_a_tile_is_read_back_by_two_short_reads() -> None:
    tiling = Tiling(1300, 700)
    tiles = [bytes([n]) * (n + 1) for n in range(tiling.count)]
    file = b"".join(packed(tiling, tiles))
    assert tiling_of(file[slice(*HEAD)]) == tiling
    for number, tile in enumerate(tiles):
        start, end = span_of(file[slice(*place_of(number))])
        assert file[start:end] == tile


@pytest.mark.parametrize("head", [b"", b"x" * 20, b"phctile1" + bytes(12), b"phctile1" + b"\xff" * 12])
def test_what_is_no_file_of_tiles_is_said(head: bytes) -> None:
    with pytest.raises(ObjectNotFound):
        tiling_of(head)


@pytest.mark.parametrize("place", [b"", bytes(16), b"\0" * 7 + b"\1" + b"\xff" * 8, b"\xff" * 15 + b"\1"])
def test_a_place_that_cannot_be_is_said(place: bytes) -> None:
    with pytest.raises(ObjectNotFound):
        span_of(place)
