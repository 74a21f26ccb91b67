"""Hints of one photograph are proposed for another where its spot is found again, and nowhere else."""

import numpy as np
import pytest

from photochrom.photo.hints import MAX_HINTS, Hint
from photochrom.photo.proposals import found_again, propose
from photochrom.photo.sight import FEATURES, GRID, PLACES, SCALE, Sight

RIGHT, DOWN = 2, 1
"""By so many places the second view is to the left of and above the first: what both show lies further right, below."""


def scene(seed: int, size: int = GRID + 4) -> np.ndarray:
    """Unit vectors (size, size, 120) of a scene in which no two places are alike."""
    features = np.random.default_rng(seed).normal(size=(size, size, FEATURES))
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def view(of: np.ndarray, left: int = 0, top: int = 0) -> Sight:
    part = of[top : top + GRID, left : left + GRID].reshape(PLACES, FEATURES).T
    return Sight(np.clip(np.rint(part * SCALE), -127, 127).astype(np.int8), np.zeros((2, PLACES), np.int8))


def hint(x: float, y: float, a: float = 40) -> Hint:
    return Hint(x=x, y=y, a=a, b=10, radius=0.02)


@pytest.fixture(scope="module")
def views() -> tuple[Sight, Sight]:
    whole = scene(1)
    return view(whole, RIGHT, DOWN), view(whole)


@pytest.mark.parametrize(("x", "y"), [(0.5, 0.5), (0.31, 0.777), (0, 0), (0.8, 0.9)])
def test_a_spot_is_found_where_the_same_thing_lies(views: tuple[Sight, Sight], x: float, y: float) -> None:
    given = hint(x, y)
    [(moved, alike)] = found_again([given], *views)
    assert (moved.x, moved.y) == pytest.approx((x + RIGHT / GRID, y + DOWN / GRID), abs=1e-4)
    assert moved.model_dump(exclude={"x", "y"}) == given.model_dump(exclude={"x", "y"})
    assert alike > 0.95


def test_what_the_other_does_not_show_is_not_proposed(views: tuple[Sight, Sight]) -> None:
    there, here = views
    assert list(found_again([hint(0.1, 0.1), hint(0.1, 0.9)], here, there)) == []
    assert list(found_again([hint(0.5, 0.5)], view(scene(2)), here)) == []
    nothing = Sight(np.zeros_like(here.features), here.colors)
    assert list(found_again([hint(0.5, 0.5)], nothing, nothing)) == []


def test_one_spot_is_proposed_once_by_the_likest_and_not_beside_an_own_hint() -> None:
    whole = scene(1)
    noise = scene(3)
    worn = whole + 0.5 * noise
    here, sure, less = (
        view(whole),
        view(whole, RIGHT, DOWN),
        view(worn / np.linalg.norm(worn, axis=-1, keepdims=True)),
    )
    lenders = [
        ("less", (hint(0.5, 0.5, a=-30), hint(0.9, 0.9)), less),
        ("sure", (hint(0.5 - RIGHT / GRID, 0.5 - DOWN / GRID), hint(0.3, 0.3), hint(0.32, 0.3)), sure),
    ]
    found = propose(lenders, here, [])
    assert sorted((one.given_in, one.hint.a, round(one.hint.x, 2)) for one in found) == [
        ("less", 40, 0.9),
        ("sure", 40, round(0.3 + RIGHT / GRID, 2)),
        ("sure", 40, round(0.32 + RIGHT / GRID, 2)),
        ("sure", 40, 0.5),
    ]
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)
    assert all(0.6 <= one.likeness <= 1 for one in found)
    assert propose(lenders, here, [hint(0.52, 0.48), hint(0.9, 0.9), hint(0.5, 0.4)]) == []


def test_there_are_no_more_than_one_photograph_takes(views: tuple[Sight, Sight]) -> None:
    many = tuple(hint(x / 100, 0.5) for x in range(5, 69))
    own = [hint(0, 0)] * 4
    assert len(propose([("a", many, views[0])], views[1], own)) == MAX_HINTS - 4
