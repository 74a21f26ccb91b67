"""How doubtful a defect may be: as doubtful as the damage of the whole photograph allows.

A mast or a wire that looks like a scratch is alone in a photograph that is otherwise whole. A real scratch seldom is.
So where a photograph has much damage that is sure, what is doubtful by itself is damage too (docs/lab/repair.md has
the figures). A large photograph has more of both, so damage is judged by the photograph's size.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...sure import Sure
from .finder import Bytes

DOUBTS = 4
"""From 0, sure, to the most doubtful defects that any photograph's damage can allow."""
_TELLS = (1.0, 0.5, 0.25, 0.0)  # what a defect of each doubt says for damage
_LEAST, _PER_MEGAPIXEL = 2.0, 4.0  # such evidence: photographs without damage have 0.5 a megapixel
_MUCH = 2.0  # times as much


def doubts_of(
    surest: NDArray[np.uint8], needed: NDArray[np.float64], plainly: NDArray[np.bool_], sure: Sure
) -> NDArray[np.intp]:
    """Return the doubt (n,) about each of n parts, `DOUBTS` where it is no defect in any company.

    Args:
        surest: (n,), sureness of the surest pixel of each part.
        needed: (n,), how sure that must be by the part's size.
        plainly: (n,), which parts stand out from calm ground: of them less is asked for.
        sure: how sure the finder must be.
    """
    needed = np.where(plainly, np.minimum(sure.plain, needed), needed)
    lacks = np.maximum(needed - surest, 0)
    steps = np.ceil(lacks / sure.eased) if sure.eased else np.where(lacks > 0, DOUBTS, 0)
    return np.minimum(steps, DOUBTS).astype(np.intp)


def most_doubt(defects: Sequence[int], pixels: int) -> int:
    """Return how doubtful a defect may be in a photograph of so many pixels with so many defects of each doubt."""
    evidence = sum(tells * count for tells, count in zip(_TELLS, defects, strict=True))
    much = max(_LEAST, _PER_MEGAPIXEL * pixels / 1e6)
    if evidence < much:
        return 0
    return 2 if evidence < _MUCH * much else 3


def settled(mask: Bytes, allowed: int, values: Sequence[int]) -> None:
    """Turn each value less an allowed doubt into the value itself, and all else into 0, in place."""
    table = np.zeros(256, np.uint8)
    for value in values:
        table[value - allowed : value + 1] = value
    cv2.LUT(mask, table, dst=mask)
