"""What is said of a file that a decoder gave up on: its own words are for programmers."""

from collections.abc import Callable

from photochrom.errors import UnreadablePhoto

_TRAILER = b"\x3b"


def damaged(kind: str, data: bytes = b"") -> UnreadablePhoto:
    """Return the refusal of a file of this kind; raise it from the decoder's error, which the log then has.

    Args:
        kind: the format's name.
        data: the file, where it can be told whether its end is missing: then to save it anew would not help.
    """
    if data and _ENDS_EARLY.get(kind, _never)(data):
        return truncated(kind)
    return UnreadablePhoto(
        f"The {kind} is damaged or truncated; open it in the program that made it, and save it again."
    )


def truncated(kind: str) -> UnreadablePhoto:
    """Return the refusal of a file whose end is missing."""
    return UnreadablePhoto(
        f"The {kind} is truncated: the file ends before its picture does. Copy it again from where it came."
    )


def _never(_: bytes) -> bool:
    return False


def _chunks_end_early(data: bytes) -> bool:
    return 8 + int.from_bytes(data[4:8], "little") > len(data)


def _bitmap_ends_early(data: bytes) -> bool:
    return int.from_bytes(data[2:6], "little") > len(data)


def _trailer_is_missing(data: bytes) -> bool:
    return not data.rstrip(b"\0").endswith(_TRAILER)


def _boxes_end_early(data: bytes) -> bool:
    """Whether the last of the outermost boxes goes on beyond the file (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while len(data) - at > 0:
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:  # to the end
            return False
        if size < 8:
            return len(data) - at < 8
        at += size
    return at > len(data)


_ENDS_EARLY: dict[str, Callable[[bytes], bool]] = {
    "WEBP": _chunks_end_early,
    "BMP": _bitmap_ends_early,
    "GIF": _trailer_is_missing,
    "AVIF": _boxes_end_early,
    "HEIC": _boxes_end_early,
}
