"""Counts against a bound."""

from photochrom.errors import UnreadablePhoto


class Count:
    """How many of one kind a file has; more than `most` is a refusal."""

    def __init__(self, name: str, things: str, most: int) -> None:
        """Say of which format (`WebP`) what (`chunks`) is counted."""
        self._name, self._things, self._most, self._found = name, things, most, 0

    def add(self, more: int = 1) -> None:
        """Raise `UnreadablePhoto` beyond the bound."""
        self._found += more
        if self._found > self._most:
            raise UnreadablePhoto(
                f"The {self._name} has over {self._most:,} {self._things}, far more than any program writes; "
                "save it again with another program."
            )
