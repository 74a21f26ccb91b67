"""The sizes at which the network sees photographs."""

from typing import Protocol

Size = tuple[int, int]
"""Height and width."""


class Sides(Protocol):
    """What a network allows, as its card says it."""

    @property
    def stride(self) -> int:
        """Pixels of the input to one of the output."""
        ...

    @property
    def side_multiple(self) -> int:
        """Every side is a multiple of it."""
        ...

    @property
    def side_min(self) -> int:
        """The shortest side."""
        ...

    @property
    def side_max(self) -> int:
        """The longest side."""
        ...

    @property
    def predict_side(self) -> int:
        """Side of the square whose area the network predicts best at."""
        ...


def predict_size(height: float, width: float, card: Sides) -> Size:
    """Return the (height, width) at which a photo of this size is predicted.

    The area is that of the card's `predict_side` squared, the aspect ratio is kept up to rounding to
    `side_multiple`: the network was trained with aspect changes of 20 %, so a few percent do not matter.
    """
    scale = card.predict_side / (height * width) ** 0.5
    return _allowed_side(height * scale, card), _allowed_side(width * scale, card)


def _allowed_side(side: float, card: Sides) -> int:
    rounded = round(side / card.side_multiple) * card.side_multiple
    return min(max(rounded, card.side_min), card.side_max)
