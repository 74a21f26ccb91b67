import numpy as np
import pytest

from model.album.draw import draw_one
from model.album.places import SIDE, drawn_places

PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_prints_lie_on_their_page_and_not_on_each_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = drawn_places((SIDE, 500), rng)
    assert places
    covered = np.zeros((SIDE, 500))
    y, x = np.indices(covered.shape) + 0.5
    for place in places:
        assert (place.corners >= 0).all()
        assert (place.corners <= (500, SIDE)).all()
        turn = np.deg2rad(place.angle)
        along = (x - place.x) * np.cos(turn) + (y - place.y) * np.sin(turn)
        down = (y - place.y) * np.cos(turn) - (x - place.x) * np.sin(turn)
        covered += (np.abs(along) < place.width / 2 - 1) & (np.abs(down) < place.height / 2 - 1)
    assert (covered > 1).mean() < 0.01


def test_a_seed_gives_the_same_picture() -> None:
    one, other = (draw_one(PHOTOGRAPHS, 7) for _ in range(2))
    assert (one.picture == other.picture).all()
    assert one.places == other.places
