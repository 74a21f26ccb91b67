"""What the API itself reads: the first bytes of a file, and the size that its header states."""

import tempfile
from pathlib import Path

from photochrom.errors import PhotoRejected
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff
from service.uploads.pixels import pixels_of

from . import pictures

_OTHERWISE = -1
_FILE = Path(tempfile.mkdtemp(prefix="photochrom-fuzz-")) / "photo"


def seeds() -> list[bytes]:
    """Return a picture of every kind."""
    return pictures.every_kind()


def check(data: bytes) -> None:
    """Expect a format or a refusal, and a number of pixels or none."""
    try:
        assert isinstance(sniff(data[:HEAD_BYTES]), PhotoFormat)
    except PhotoRejected as refusal:
        assert str(refusal).endswith(".")
    _FILE.write_bytes(data)
    pixels = pixels_of(_FILE, _OTHERWISE)
    assert pixels == _OTHERWISE or pixels > 0
