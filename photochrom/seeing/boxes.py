"""Rectangles of a photograph."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..photo.hints import Hint
from .sizes import Size


@dataclass(frozen=True)
class Box:
    """A part of an upright photograph, its sides as shares of the photograph's."""

    top: float = 0.0
    bottom: float = 1.0
    left: float = 0.0
    right: float = 1.0

    @property
    def area(self) -> float:
        """Share of the photograph's area."""
        return (self.bottom - self.top) * (self.right - self.left)

    def size(self, whole: Size) -> tuple[float, float]:
        """Return height and width in a photograph of size `whole`."""
        return (self.bottom - self.top) * whole[0], (self.right - self.left) * whole[1]

    def cells(self, whole: Size) -> tuple[slice, slice]:
        """Return rows and columns in a plane of size `whole`, at least one of each."""
        return _slice(self.top, self.bottom, whole[0]), _slice(self.left, self.right, whole[1])

    def snapped(self, whole: Size) -> "Box":
        """Return the box whose sides lie between the cells of a plane of size `whole`."""
        rows, columns = self.cells(whole)
        return Box(
            rows.start / whole[0], rows.stop / whole[0], columns.start / whole[1], columns.stop / whole[1]
        )

    def part(self, inner: "Box") -> "Box":
        """Return `inner`, a box within this one, as a box of the photograph."""
        height, width = self.bottom - self.top, self.right - self.left
        return Box(
            self.top + inner.top * height,
            self.top + inner.bottom * height,
            self.left + inner.left * width,
            self.left + inner.right * width,
        )

    def holds(self, hint: Hint) -> bool:
        """Return whether the middle of a hint lies within."""
        return self.top <= hint.y <= self.bottom and self.left <= hint.x <= self.right

    def hints(self, hints: Iterable[Hint]) -> tuple[Hint, ...]:
        """Return the hints within, placed as in a photograph that shows this box alone.

        A radius stays: it is the size of a patch that the network was trained for.
        """
        height, width = self.bottom - self.top, self.right - self.left
        return tuple(
            hint.model_copy(update={"x": (hint.x - self.left) / width, "y": (hint.y - self.top) / height})
            for hint in hints
            if self.holds(hint)
        )


WHOLE = Box()


def _slice(first: float, last: float, count: int) -> slice:
    start = min(round(first * count), count - 1)
    return slice(start, max(round(last * count), start + 1))
