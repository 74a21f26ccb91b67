"""What the finder of photographs asks its networks."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.cards.album import AlbumCard

Bytes = NDArray[np.uint8]
Plane = NDArray[np.float32]


class Album(Protocol):
    """Says what of a page lies on prints, and where the sides of a print are."""

    card: AlbumCard

    def votes(self, page: Bytes) -> tuple[Plane, float]:
        """Return what the cells of a page (S,S,3) vote for (6,c,c), and the logit of its being one."""
        ...

    def sides(self, prints: Bytes) -> tuple[Plane, Plane]:
        """Return of prints (N,s,s,3) where their sides may lie (N,4,c,c), and the logits of being one (N)."""
        ...
