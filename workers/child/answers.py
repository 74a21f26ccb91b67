"""What asking a child comes to: a result on its way, or why there is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from photochrom.errors import PhotochromError, PhotoRejected

from .messages import Done, Failed, Found, Piece, exactly


class Refused(PhotoRejected):
    """What the child says of a photograph that another attempt would not help, under the child's code."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.detail)
        self.code = failed.code  # type: ignore[misc]


class Stumbled(PhotochromError):
    """What the child says of a photograph that another attempt may bring through, under the child's code."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.detail)
        self.code = failed.code  # type: ignore[misc]


class ChildBroken(PhotochromError):
    """No child comes up any more; nothing is wrong with the photograph."""

    code = "worker-broken"


@dataclass(frozen=True)
class Colored:
    """A result on its way: what is told of it, and its parts, to be taken one after another."""

    told: Done
    _read: Callable[[int], bytes]

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield each part's name and its bytes in chunks; take them all before the next."""
        for name, size in self.told.sizes.items():
            yield name, exactly(self._read, size)


@dataclass(frozen=True)
class Made:
    """What was asked for beside a result, on its way."""

    size: int
    _read: Callable[[int], bytes]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        return exactly(self._read, self.size)


@dataclass(frozen=True)
class Seen:
    """What was found on the pages of a file, and small pictures of them on their way."""

    told: Found
    _read: Callable[[int], bytes]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the pictures, one behind the other."""
        return exactly(self._read, sum(self.told.previews))


@dataclass(frozen=True)
class Pieces:
    """Photographs of a file's pages on their way, to be taken one after another."""

    told: tuple[Piece, ...]
    _read: Callable[[int], bytes]

    def parts(self) -> Iterator[tuple[Piece, Iterator[bytes]]]:
        """Yield what is told of each and its bytes in chunks; take them all before the next."""
        for piece in self.told:
            yield piece, exactly(self._read, piece.size)
