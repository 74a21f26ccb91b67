from pathlib import Path

import numpy as np
import pytest

from model.album.crossings import SHARE, around
from model.album.draw import draw_one, read_drawn, save
from model.album.drawings import Drawings
from model.album.places import SIDE, Place, drawn_places
from model.album.votes import seen_whole
from workers.pipeline.album.boxes import Pyramid
from workers.pipeline.album.boxes import seen_whole as seen_by_a_worker

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


def test_drawings_are_read_as_they_were_saved(tmp_path: Path) -> None:
    drawn = [draw_one(PHOTOGRAPHS, seed) for seed in range(3)]
    save(drawn, tmp_path / "0000000.npz")
    read = read_drawn(tmp_path / "0000000.npz")
    assert [len(boxes) for _, boxes in read] == [len(one.places) for one in drawn]
    for one, (_, boxes) in zip(drawn, read, strict=True):
        for place, box in zip(one.places, boxes, strict=True):
            np.testing.assert_allclose(Place(*map(float, box)).corners, place.corners, atol=1e-3)
    assert {one.pixels.shape[2] for one in (Drawings(tmp_path, np.random.default_rng(0)).draw(),)} == {3}


def test_a_worker_shows_the_networks_what_they_learned_from() -> None:
    picture = draw_one(PHOTOGRAPHS, 3).picture
    whole, scale = seen_whole(picture)
    seen, own_scale = seen_by_a_worker(picture, len(whole))
    assert (seen == whole).all()
    assert scale == own_scale
    for box in ((300, 200, 150, 100, 5), (200, 250, 350, 300, -3)):
        degrees = np.asarray(box, np.float32)
        radians = np.asarray((*box[:4], np.deg2rad(box[4])), np.float32)
        learned = around(picture, degrees)
        given = Pyramid(picture).around(radians, SHARE, len(learned))
        assert np.abs(learned.astype(int) - given).max() <= 1
