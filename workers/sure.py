"""How sure a finder of damage must be: what it says by itself, and what the repair asks it for."""

from typing import NamedTuple


class Sure(NamedTuple):
    """How sure a finder must be, 0..255.

    Attributes:
        weak: of each pixel that joins a defect.
        plain: of the surest pixel of what stands out from calm ground.
        small: of the surest pixel of any speck; what is small is soon judged, and little is lost where it is wrong.
        large: of the surest pixel of a line.
        eased: how much less sure for each step of doubt that the damage of the whole photograph allows; with 0 it
            allows none.
        filled: of each pixel of a defect that is filled; what joins it and is less sure is often the scene's.
    """

    weak: int
    plain: int
    small: int
    large: int
    eased: int = 0
    filled: int = 0
