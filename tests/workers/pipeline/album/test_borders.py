"""A print's border has one width: what all sides show together counts, and what one side shows alone does not."""

import cv2
import numpy as np
import pytest
from PIL import Image

from support.pictures.photographs import PHOTOS
from workers.pipeline.album.borders import border_around
from workers.pipeline.album.paper import papers, sharpness
from workers.pipeline.album.rectangles import _as_lab

SIZE, FIRST, LAST = 500, 150, 350


def page(paper: float, card: float, border: int) -> np.ndarray:
    made = np.full((SIZE, SIZE), paper, np.float32)
    outer = slice(FIRST - border, LAST + border)
    made[outer, outer] = card
    with Image.open(PHOTOS / "coffee.jpg") as image:
        made[FIRST:LAST, FIRST:LAST] = np.asarray(image.convert("L").resize((LAST - FIRST,) * 2)) * 0.7
    made = cv2.GaussianBlur(made, (0, 0), 0.6)
    return made + np.random.default_rng(1).normal(0, 1.5, made.shape)


def depths(made: np.ndarray) -> list[float] | None:
    lab = _as_lab(np.clip(np.rint(made), 0, 255).astype(np.uint8))
    paper = papers(lab, sharpness(lab))[0]
    low, high = FIRST - 0.5, LAST - 0.5
    corners = np.array([(low, low), (high, low), (high, high), (low, high)], np.float32)
    normals = np.array([(0, 1), (-1, 0), (0, -1), (1, 0)], np.float32)
    sides = [(np.stack([corners[i], corners[(i + 1) % 4]]), normals[i]) for i in range(4)]
    return border_around(lab, paper, sides, [float(LAST - FIRST)] * 4)


@pytest.mark.parametrize(
    ("paper", "card"), [(245, 251), (250, 240), (40, 240)], ids=["lighter", "darker", "on dark"]
)
def test_a_border_hardly_lighter_or_darker_than_its_paper_is_seen(paper: float, card: float) -> None:
    assert depths(page(paper, card, 12)) == pytest.approx([-12] * 4, abs=1)


def test_a_picture_without_a_border_has_none() -> None:
    assert depths(page(245, 245, 0)) is None


def test_a_line_below_a_picture_is_no_border() -> None:
    made = page(245, 245, 0)
    made[LAST + 8 : LAST + 11, FIRST:LAST] = 225
    assert depths(made) is None
