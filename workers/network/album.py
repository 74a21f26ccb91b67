"""The networks that find the photographs of an album page, on ONNX Runtime."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.cards.album import AlbumCard

from .late_session import LateSession

Bytes = NDArray[np.uint8]
Plane = NDArray[np.float32]
_AT_ONCE = 16  # prints: more take memory and no less time


class OnnxAlbum:
    """One file of `model.album` on the CPU; `workers.pipeline.album.network.Album`.

    The session is made by `load`, or for the first page.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Read the card of the ONNX file at `path`.

        Raises:
            ModelRejected: it is missing, damaged, or another network.
        """
        # Few scans are pages: what it took goes back.
        self._network = LateSession(
            path, "a finder of photographs on album pages", threads=threads, keeps_memory=False
        )
        try:
            self.card = AlbumCard.from_metadata(self._network.metadata)
        except ModelRejected as error:
            raise self._network.rejected(error) from error

    def load(self) -> None:
        """Make the session.

        Raises:
            ModelRejected: it cannot be made, or does not run.
        """
        self._run(["is_page", "is_one"])

    def votes(self, page: Bytes) -> tuple[Plane, float]:
        """Return what the cells of a page (S,S,3) vote for (6,c,c), and the logit of its being one; see the card."""
        votes, is_page = self._run(["votes", "is_page"], page=page[None])
        return votes[0], float(is_page[0])

    def sides(self, prints: Bytes) -> tuple[Plane, Plane]:
        """Return of prints (N,s,s,3) where their sides may lie (N,4,c,c), and the logits of being one (N)."""
        parts = [prints[i : i + _AT_ONCE] for i in range(0, len(prints), _AT_ONCE)]
        found = [self._run(["sides", "is_one"], prints=part) for part in parts]
        sides, is_one = (np.concatenate(each) for each in zip(*found, strict=True))
        return sides, is_one

    def _run(self, outputs: list[str], **given: Bytes) -> list[np.ndarray]:
        sizes = {"page": self.card.page_side, "prints": self.card.print_side}
        blank = {name: np.zeros((1, side, side, 3), np.uint8) for name, side in sizes.items()}
        return self._network.run(outputs, blank | given)
