"""What both networks see of a drawn picture, and what they have to answer, ready for a device."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .crossings import surroundings
from .network import PAGE_CELL
from .pages import Drawn
from .picture import Bytes, picture_of
from .sheets import Rng
from .votes import votes

Half = NDArray[np.float16]
_CROPS, _OF_NONE = 24, 6
"""Surroundings of a page, and of a picture that is none."""


class Views(NamedTuple):
    """Of one picture, or of several stacked: then each has one axis more, but `around`, `crossed` and `is_one`."""

    seen: Bytes
    """(S, S, 3)."""
    cells: NDArray[np.int16]
    """(2,): rows and columns of cells that are picture."""
    told: Half
    """(6, S/4, S/4): distances, angle and weight, as `votes` says them."""
    is_page: Half
    """()."""
    around: Bytes
    """(n, s, s, 3)."""
    crossed: Half
    """(n, 4, s/2): in cells."""
    is_one: Half
    """(n,)."""


def views(drawn: Drawn, rng: Rng) -> Views:
    """Return what both networks see of a picture."""
    picture = picture_of(drawn)
    whole = votes(picture)
    scale = len(whole.seen) / max(drawn.picture.shape[:2]) / PAGE_CELL
    parts = surroundings(picture, _CROPS if len(picture.boxes) else _OF_NONE, rng)
    return Views(
        whole.seen,
        np.rint(np.asarray(drawn.picture.shape[:2]) * scale).astype(np.int16),
        np.concatenate([whole.distances, whole.angle[None], whole.weight[None]]).astype(np.float16),
        np.asarray(len(picture.boxes) > 0, np.float16),
        np.stack([part[0] for part in parts]),
        np.stack([part[1] for part in parts]).astype(np.float16),
        np.asarray([part[2] for part in parts], np.float16),
    )
