"""The parts of a form, sorted as they stream by: a photograph, perhaps a reference and a mask, and short fields."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from python_multipart.multipart import parse_options_header

from photochrom.errors import InvalidOption

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PHOTO_FIELD = "photo"
REFERENCE_FIELD = "reference"
MASK_FIELD = "repair_mask"
SPLIT_FIELD = "split"
# Room for the largest number of hints, written at length.
_MAX_FIELD_BYTES = 16384


def wants_split(given: str) -> bool:
    """Return what the field of this name says; raise `InvalidOption` where it is neither `off` nor `auto`."""
    if given not in ("", "off", "auto"):
        raise InvalidOption(f"split: {given[:64]!r} is neither 'off' nor 'auto'.")
    return given == "auto"


class Form:
    """Sorts the parts: bytes of files are fetched after each write, fields are kept as text.

    A reference is a file where it has a file name; without one it is the id of a job, so a field.
    """

    def __init__(self, check_field: Callable[[str], object]) -> None:
        """Make an empty form; `check_field` raises `InvalidOption` for names of fields that do not exist."""
        self._check_field = check_field
        self.fields: dict[str, str] = {}
        self.file_names: dict[str, str] = {}
        self.complete = False
        self._files: list[tuple[str, bytes]] = []
        self._header: list[bytearray] = [bytearray(), bytearray()]
        self._disposition = b""
        self._name = ""
        self._value = bytearray()
        self._in_file = False

    def callbacks(self) -> "MultipartCallbacks":
        """Return the callbacks for the parser."""
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

    def file_data(self) -> list[tuple[str, bytes]]:
        """Return the bytes of files since the last call, each piece with the name of its field."""
        data, self._files = self._files, []
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
        named = b"filename" in parameters
        self._in_file = self._name in (PHOTO_FIELD, MASK_FIELD) or (self._name == REFERENCE_FIELD and named)
        self._refuse_again(self._name)
        if self._in_file:
            self.file_names[self._name] = parameters.get(b"filename", b"").decode("utf-8", "replace")
        elif self._name != REFERENCE_FIELD:
            self._check(self._name or "(no name)", named)

    def _check(self, name: str, is_file: bool) -> None:
        try:
            self._check_field(name)
        except InvalidOption as unknown:
            if is_file:
                raise InvalidOption(
                    f"Send the photograph in the field {PHOTO_FIELD!r}, not in {name!r}."
                ) from unknown
            raise

    def _refuse_again(self, name: str) -> None:
        """Accept each name once: this bounds the number of parts, however long the body is."""
        if name in self.file_names:
            raise InvalidOption(f"The form has two parts named {name!r}; send one job for each.")
        if name in self.fields:
            raise InvalidOption(f"The form has two fields named {name!r}; send one value.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._files.append((self._name, data[start:end]))
            return
        self._value += data[start:end]
        if len(self._value) > _MAX_FIELD_BYTES:
            raise InvalidOption(f"The field {self._name!r} is too long; give a shorter value.")

    def _part_end(self) -> None:
        if not self._in_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self.complete = True
