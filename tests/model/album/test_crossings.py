import numpy as np
import pytest

from model.album.crossings import SHARE, around, crossings, iou
from model.album.draw import draw_one
from model.album.network import PRINT_CELL, PRINT_SIDE
from model.album.votes import seen_whole
from workers.pipeline.album.boxes import Pyramid
from workers.pipeline.album.boxes import seen_whole as seen_by_a_worker
from workers.pipeline.album.crossings import laid

CELLS = PRINT_SIDE // PRINT_CELL
PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)


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


@pytest.mark.parametrize("shift", [(0, 0, 0, 0, 0), (6, -4, 12, -8, 3), (-8, 8, -14, 10, -4)])
def test_sides_where_they_truly_cross_give_the_print_back(shift: tuple[int, ...]) -> None:
    truth = np.asarray((300, 220, 180, 130, 4), np.float32)
    box = truth + np.asarray(shift, np.float32)
    chances = np.full((4, CELLS, CELLS), 1e-4, np.float32)
    for plane, places in zip(chances, crossings(box, truth), strict=True):
        for row in np.flatnonzero(~np.isnan(places)):
            low = int(places[row])
            plane[row, low : low + 2] += (1 - (places[row] - low), places[row] - low)[: CELLS - low]
    found = laid(np.asarray((*box[:4], np.deg2rad(box[4])), np.float32), chances, SHARE)
    assert iou(np.asarray((*found[:4], np.rad2deg(found[4])), np.float32), truth) > 0.99
