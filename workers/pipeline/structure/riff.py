"""WebP's chunks (RIFF), those in the frames of an animation included: libwebp makes an object of each."""

from ..limits import PhotoLimits
from .counting import Count

_FIRST = len(b"RIFF....WEBP")
_FRAME, _FRAME_HEADER, _HEAD = b"ANMF", 16, 8
_MOST_CHUNKS = 10_000


def check_chunks(data: bytes, _: PhotoLimits) -> None:
    """See `check_structure`."""
    count, position = Count("WebP", "chunks", _MOST_CHUNKS), _FIRST
    while position + _HEAD <= len(data):
        count.add()
        kind = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        # What is in a frame comes next, as if it lay beside it.
        position += _HEAD + (_FRAME_HEADER if kind == _FRAME else size + size % 2)
