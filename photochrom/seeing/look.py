"""Decide how the network looks at a photograph: at the whole, or at parts; as it is, or stretched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..photo.hints import Hint
from .boxes import WHOLE, Box
from .pages import find_photographs
from .sizes import Size
from .stretch import Stretch, find_stretch
from .strips import fade, windows

Plane = NDArray[np.float32]

_STRETCHED = (
    "The scan is faded, dark or flat: the network saw it stretched; the result keeps the scan's own light."
)
_MOUNT = "The photograph lies in a mount or border, which was left out: it has no colour."
_PAGE = (
    "The page holds {} photographs: each was predicted by itself, and the page between them has no colour."
)
_WINDOWS = "The photograph is a long strip: it was predicted in {} overlapping windows."


@dataclass(frozen=True)
class View:
    """One look of the network."""

    box: Box = WHOLE
    stretch: Stretch | None = None
    overlap: float = 0.0
    """Share of the view that it has in common with each of its neighbours along a strip."""
    first: bool = True
    last: bool = True

    def shown(self, lightness: Plane) -> Plane:
        """Return the L* that the network sees in place of this one."""
        return self.stretch.of(lightness) if self.stretch else lightness

    def weight(self, size: Size) -> Plane:
        """Return how much each cell (h, w) of the view counts beside those of other views."""
        return fade(size, not self.first, not self.last, self.overlap)


@dataclass(frozen=True)
class Look:
    """The views of a photograph, and sentences for its record on what is not as usual."""

    views: tuple[View, ...]
    notes: tuple[str, ...] = ()

    @property
    def at_the_whole(self) -> bool:
        """Whether one view shows the whole photograph."""
        return len(self.views) == 1 and self.views[0].box == WHOLE


class ChooseLook(Protocol):
    """How the network looks at a photograph: `choose_look`, or `Looks.choose` where it looks more than once."""

    def __call__(self, overview: Plane, size: Size, hints: Sequence[Hint] = ()) -> Look:
        """Return the views, as `choose_look` does."""
        ...


class Looks:
    """The looks at one photograph, whose parts are searched for once: its overview is the same each time."""

    def __init__(self) -> None:
        self._boxes: tuple[Box, ...] | None = None

    def choose(self, overview: Plane, size: Size, hints: Sequence[Hint] = ()) -> Look:
        """Return the views, as `choose_look` does."""
        if self._boxes is None:
            self._boxes = find_photographs(overview)
        return _look(self._boxes, overview, size, hints)


def choose_look(overview: Plane, size: Size, hints: Sequence[Hint] = ()) -> Look:
    """Return the views that show the network a photograph at its best.

    Args:
        overview: L* (h, w) of the upright photograph, small; its aspect need not be the photograph's.
        size: the photograph's height and width.
        hints: spots that the user gave a colour. One outside of what was found shows that it is no mount.
    """
    return _look(find_photographs(overview), overview, size, hints)


def _look(boxes: tuple[Box, ...], overview: Plane, size: Size, hints: Sequence[Hint]) -> Look:
    if not all(any(box.holds(hint) for box in boxes) for hint in hints):
        boxes = (WHOLE,)
    if len(boxes) > 1:
        views = [View(box, _stretch(overview, box)) for box in boxes]
    else:
        views = _along(boxes[0], size, _stretch(overview, boxes[0]))
    notes = (
        (_MOUNT, len(boxes) == 1 and boxes[0] != WHOLE),
        (_PAGE.format(len(boxes)), len(boxes) > 1),
        (_STRETCHED, any(view.stretch for view in views)),
        (_WINDOWS.format(len(views)), len(views) > len(boxes)),
    )
    return Look(tuple(views), tuple(note for note, applies in notes if applies))


def _stretch(overview: Plane, box: Box) -> Stretch | None:
    return find_stretch(overview[box.cells(overview.shape)])


def _along(box: Box, size: Size, stretch: Stretch | None) -> list[View]:
    """Return the views of one photograph, which lies in `box`: more than one where it is a strip."""
    parts = windows(*box.size(size))
    last = len(parts) - 1
    return [View(box.part(part), stretch, _overlap(parts), i == 0, i == last) for i, part in enumerate(parts)]


def _overlap(parts: Sequence[Box]) -> float:
    if len(parts) == 1:
        return 0.0
    first, second = (max(part.top, part.left) for part in parts[:2])
    length = min(parts[0].bottom, parts[0].right)
    return 1 - (second - first) / length
