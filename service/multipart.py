"""The parts of a form, sorted as they stream by: one photograph, and short fields."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from python_multipart.multipart import parse_options_header

from photochrom.errors import InvalidOption

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PHOTO_FIELD = "photo"
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 4096


class Form:
    """Sorts the parts: the photograph's bytes to be fetched after each write, the fields kept as text."""

    def __init__(self, check_field: Callable[[str], object]) -> None:
        """Make an empty form; `check_field` raises `InvalidOption` for names of fields that do not exist."""
        self._check_field = check_field
        self.fields: dict[str, str] = {}
        self.photo_name: str | None = None
        self.complete = False
        self._photo: list[bytes] = []
        self._header: list[bytearray] = [bytearray(), bytearray()]
        self._disposition = b""
        self._name = ""
        self._value = bytearray()
        self._in_photo = False

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def photo_data(self) -> list[bytes]:
        """Return what has come of the photograph since the last call."""
        data, self._photo = self._photo, []
        return data

    def _begin(self) -> None:
        self._disposition = b""
        self._value = bytearray()

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = [bytearray(), bytearray()]

    def _headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        self._name = parameters.get(b"name", b"").decode("utf-8", "replace")
        self._in_photo = self._name == PHOTO_FIELD
        if self._in_photo:
            if self.photo_name is not None:
                raise InvalidOption(f"The form has two parts named {PHOTO_FIELD!r}; send one job for each.")
            self.photo_name = parameters.get(b"filename", b"").decode("utf-8", "replace")
        else:
            self._check_field(self._name or "(no name)")
        if len(self.fields) >= _MAX_FIELDS:
            raise InvalidOption("The form has too many fields.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_photo:
            self._photo.append(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _MAX_FIELD_BYTES:
            raise InvalidOption(f"The field {self._name!r} is too long.")

    def _part_end(self) -> None:
        if not self._in_photo:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self.complete = True
