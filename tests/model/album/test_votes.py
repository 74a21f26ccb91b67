import numpy as np
import pytest

from model.album.crossings import iou
from model.album.draw import draw_one
from model.album.picture import picture_of
from model.album.votes import votes
from workers.pipeline.album.votes import elected

PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(8))
def test_cells_that_tell_the_truth_elect_all_prints(seed: int) -> None:
    """What is learned is what a worker reads."""
    picture = picture_of(draw_one(PHOTOGRAPHS, seed))
    told = votes(picture)
    scale = len(told.seen) / max(picture.pixels.shape[:2])
    said = np.concatenate(
        [np.where(told.distances[:1] > 0, 5, -5), np.maximum(told.distances, 0.1), told.angle[None]]
    ).astype(np.float32)
    size = round(picture.pixels.shape[0] * scale), round(picture.pixels.shape[1] * scale)
    boxes = [np.asarray((*(box[:4] / scale), np.rad2deg(box[4]))) for box in elected(said, size, 4)]
    assert len(boxes) == len(picture.boxes)
    for truth in picture.boxes:
        assert max(iou(truth, box) for box in boxes) > 0.97
