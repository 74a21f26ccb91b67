"""How hard to compress: grain cannot be made smaller, so no time is spent on trying."""

from collections.abc import Callable

from ..photo import Samples

_ROWS = 32
# How much larger the fast way may be: a twentieth.
_WORTH = 1.05


def way_for(pixels: Samples, size: Callable[[Samples, int], int], fast: int, usual: int) -> int:
    """Return which of two ways to compress (H, W, ...) samples in, judged by some rows from their middle.

    Args:
        pixels: the picture.
        size: of rows of it, packed in a way.
        fast: the way that is taken where the usual one saves less than a twentieth.
        usual: the way for all others, and for small pictures, which are not worth a look.
    """
    if len(pixels) < _ROWS * 16:
        return usual
    middle = len(pixels) // 2
    rows = pixels[middle : middle + _ROWS]
    return fast if size(rows, fast) <= _WORTH * size(rows, usual) else usual
