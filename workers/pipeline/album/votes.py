"""From what each cell of a page says of the print below it to the prints."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .boxes import Box

Plane = NDArray[np.float32]
_LIKELY = 0.0  # logit: a cell that may vote
_NEAR, _LIKE = 0.25, 0.5  # of a side, and of the logarithm of its length: cells that mean the same print
_WITHIN = 0.42  # of a side from the middle: cells that a print takes with it, whatever they say
_FULL = 0.3  # of a print's cells that have to agree
_MOST_ROUNDS = 200


@dataclass(frozen=True)
class _Cells:
    places: Plane
    """(n, 2): x and y of those that vote."""
    boxes: Plane
    """(n, 5): for which box."""
    weights: Plane
    """(n,): how much each counts; one in the middle of its print knows more."""

    def only(self, kept: NDArray[np.bool_]) -> "_Cells":
        return _Cells(self.places[kept], self.boxes[kept], self.weights[kept])


def elected(votes: Plane, size: tuple[int, int], cell: float) -> list[Box]:
    """Return the boxes that the cells agree on.

    Args:
        votes: (6, c, c): the logit of lying on a print, pixels to its left, upper, right and lower side, radians.
        size: height and width of the part that is picture, in pixels.
        cell: pixels of a cell's side.
    """
    left, found = _cells(votes, size, cell), list[Box]()
    for _ in range(_MOST_ROUNDS):
        if not len(left.weights):
            break
        first = int(left.weights.argmax())
        box = left.boxes[first]
        for _ in range(2):
            agree = _mean_alike(left.boxes, box)
            box = _middle(left.only(agree)) if agree.any() else box
        area = float(box[2] * box[3]) / cell**2
        if agree.sum() >= _FULL * area:
            found.append(box)
            left = left.only(~(agree | _within(left.places, box)))
        else:
            agree[first] = True
            left = left.only(~agree)
    return found


def _cells(votes: Plane, size: tuple[int, int], cell: float) -> _Cells:
    odds, (left, above, right, below), angle = votes[0], votes[1:5], votes[5]
    rows, columns = np.indices(odds.shape)
    y, x = (rows + 0.5) * cell, (columns + 0.5) * cell
    across, down = (right - left) / 2, (below - above) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    boxes = (x + across * cos - down * sin, y + across * sin + down * cos, left + right, above + below, angle)
    kept = (odds > _LIKELY) & (y < size[0]) & (x < size[1])
    middle = (
        np.minimum(left, right)
        / np.maximum(left, right)
        * np.minimum(above, below)
        / np.maximum(above, below)
    )
    weights = np.sqrt(middle) / (1 + np.exp(-odds))
    return _Cells(
        np.asarray(np.stack([x, y], -1)[kept], np.float32),
        np.asarray(np.stack(boxes, -1)[kept], np.float32),
        np.asarray(weights[kept], np.float32),
    )


def _mean_alike(boxes: Plane, box: Box) -> NDArray[np.bool_]:
    apart = np.abs(_along(boxes[:, :2], box)) / box[2:4]
    sizes = np.abs(np.log(boxes[:, 2:4] / box[2:4]))
    return np.asarray((apart.max(axis=1) < _NEAR) & (sizes.max(axis=1) < _LIKE))


def _within(places: Plane, box: Box) -> NDArray[np.bool_]:
    return np.asarray((np.abs(_along(places, box)) / box[2:4]).max(axis=1) < _WITHIN)


def _along(places: Plane, box: Box) -> Plane:
    apart = places - box[:2]
    cos, sin = np.cos(box[4]), np.sin(box[4])
    along = apart[:, 0] * cos + apart[:, 1] * sin, apart[:, 1] * cos - apart[:, 0] * sin
    return np.asarray(np.stack(along, 1), np.float32)


def _middle(cells: _Cells) -> Box:
    """Return the weighted median of what cells vote for."""
    order = cells.boxes.argsort(axis=0)
    below = np.cumsum(cells.weights[order], axis=0)
    at = (below >= below[-1:] / 2).argmax(axis=0)
    columns = np.arange(5)
    return np.asarray(cells.boxes[order[at, columns], columns], np.float32)
