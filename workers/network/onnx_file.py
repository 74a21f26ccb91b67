"""What an ONNX file says of itself, without a session: building one takes a hundred times as long."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import ModelRejected

# Numbers of fields in ONNX's messages (onnx.proto), and how Protocol Buffers code them.
_GRAPH, _METADATA, _KEY, _VALUE = 7, 14, 1, 2
_NUMBER, _8_BYTES, _SIZED, _4_BYTES = 0, 1, 2, 5
_MOST_BITS = 63


def shipped(name: str) -> Path:
    """Return a file of the weights that come with the package, wherever it is installed.

    A confined process does not find it.
    """
    return Path(str(resources.files("model") / "weights" / name))


class OnnxFile:
    """A file that is held open: what is loaded later is what was judged now, though another takes its place."""

    def __init__(self, path: Path) -> None:
        """Open it, see that it is whole, and read its metadata.

        Raises:
            ModelRejected: it is missing, cut off, or another kind of file.
        """
        self.name = path.name
        try:
            self._file = path.open("rb")
            self.metadata = _metadata(self._file)
        except OSError as error:
            raise ModelRejected(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ModelRejected(f"{path} is cut off, damaged, or not an ONNX file; copy it again.") from error

    def read(self) -> bytes:
        """Return the whole file."""
        self._file.seek(0)
        return self._file.read()


def _metadata(file: BinaryIO) -> dict[str, str]:
    """Read the entries of a model's metadata; raise `ValueError` where its parts do not lie in one another."""
    found, graphs = {}, 0
    for field, begin, end in _fields(file, 0, file.seek(0, 2)):
        if field == _METADATA:
            entry = {part: _text(file, *where) for part, *where in _fields(file, begin, end)}
            found[entry.get(_KEY, "")] = entry.get(_VALUE, "")
        elif field == _GRAPH:
            graphs += sum(1 for _ in _fields(file, begin, end)) > 0
    if not graphs:
        raise ValueError("It has no graph.")
    return found


def _text(file: BinaryIO, begin: int, end: int) -> str:
    file.seek(begin)
    return file.read(end - begin).decode()


def _fields(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, begin and end of each field of the message that lies there; single numbers are empty."""
    while begin < end:
        file.seek(begin)
        tag = _number(file)
        kind = tag & 7
        if kind == _NUMBER:
            _number(file)
        size = {_NUMBER: 0, _8_BYTES: 8, _4_BYTES: 4}.get(kind)
        if size is None:
            if kind != _SIZED:
                raise ValueError("There is no such kind of field.")
            size = _number(file)
        begin = file.tell() + size
        if begin > end:
            raise ValueError("A field is longer than what it lies in.")
        yield tag >> 3, begin - size, begin


def _number(file: BinaryIO) -> int:
    number = 0
    for bits in range(0, _MOST_BITS + 1, 7):
        if not (byte := file.read(1)):
            raise ValueError("It ends in a number.")
        number |= (byte[0] & 0x7F) << bits
        if byte[0] < 0x80:
            return number
    raise ValueError("A number is too long.")
