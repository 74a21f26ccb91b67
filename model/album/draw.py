"""Pages and single photographs, drawn for training."""

import numpy as np
from numpy.typing import NDArray

from .pages import Drawn, make_page
from .scenes import Draw
from .sheets import Rng
from .singles import make_single

PAGES = 0.62
"""Share of pictures that are pages."""


def draw_one(photographs: NDArray[np.uint8], seed: int) -> Drawn:
    """Draw the picture of a seed."""
    rng = np.random.default_rng((21, seed))
    return draw_with(lambda: np.asarray(photographs[rng.integers(len(photographs))]), rng)


def draw_with(photograph: Draw, rng: Rng) -> Drawn:
    """Draw a page or a single photograph; each call of `photograph` gives one."""
    return make_page(photograph, rng) if rng.random() < PAGES else make_single(photograph, rng)
