"""Colour hints of one photograph, proposed for another in which the same thing is found again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .hints import MAX_HINTS, Hint
from .sight import GRID, Matches, Sight, likeness, matches

SURE = 0.6
"""Least cosine at which two places count as the same thing (docs/lab/series.md)."""
_APART = 1.5
"""Places by which neighbours may move differently: what shows one thing moves together."""


@dataclass(frozen=True)
class Proposal:
    """A hint for one photograph, and the other that it was given in."""

    hint: Hint
    given_in: str
    likeness: float
    """Cosine of the two places, 0..1."""


def propose(
    lenders: Iterable[tuple[str, Sequence[Hint], Sight]], here: Sight, own: Sequence[Hint]
) -> list[Proposal]:
    """Return the proposals, the surest first; if several photographs have a hint for one spot, the surest one counts.

    Args:
        lenders: other photographs: a name, the hints given there, and what each shows.
        here: what the photograph shows that the hints are for.
        own: its own hints, beside which none are proposed.
    """
    found = [
        Proposal(hint, name, alike)
        for name, hints, there in lenders
        for hint, alike in found_again(hints, there, here)
    ]
    chosen: list[Proposal] = []
    for one in sorted(found, key=lambda proposal: -proposal.likeness):
        others = [*own, *(other.hint for other in chosen if other.given_in != one.given_in)]
        if not any(_beside(one.hint, other) for other in others):
            chosen.append(one)
    return chosen[: max(0, MAX_HINTS - len(own))]


def found_again(hints: Iterable[Hint], there: Sight, here: Sight) -> Iterator[tuple[Hint, float]]:
    """Yield the hints whose spot is found again, moved to its place here, and how similar the two spots are.

    Args:
        hints: spots of the photograph that is seen `there`.
        there: what that shows.
        here: what the photograph shows that the hints are for.
    """
    found = matches(likeness(there, here))
    for hint in hints:
        spot = np.array([hint.y, hint.x]) * GRID - 0.5
        place = np.clip(np.rint(spot), 0, GRID - 1).astype(np.intp)
        alike = float(found[1][_index(place)])
        y, x = (float(share) for share in (spot + _moved(place, found) + 0.5) / GRID)
        if alike >= SURE and 0 <= y <= 1 and 0 <= x <= 1:
            yield hint.model_copy(update={"x": round(x, 5), "y": round(y, 5)}), round(min(alike, 1.0), 3)


def _moved(place: NDArray[np.intp], found: Matches) -> NDArray[np.float64]:
    """Return by how many places a spot has moved: the mean of the places around it, finer than a whole place."""
    around = place + np.mgrid[-1:2, -1:2].reshape(2, -1).T
    around = around[((around >= 0) & (around < GRID)).all(1)]
    there, alike = (part[_index(around.T)] for part in found)
    moved = np.stack(np.divmod(there, GRID), 1) - around
    own = np.array(np.divmod(found[0][_index(place)], GRID)) - place
    weights = alike * (np.abs(moved - own).max(1) <= _APART)
    return np.asarray(weights @ moved / weights.sum() if weights.any() else own, np.float64)


def _index(place: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.asarray(place[0] * GRID + place[1], np.intp)


def _beside(one: Hint, other: Hint) -> bool:
    return max(abs(one.x - other.x), abs(one.y - other.y)) < 1 / GRID
