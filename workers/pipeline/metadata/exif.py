"""EXIF (JEITA CP-3451) changed in place: no byte moves but those that a turned, coloured picture makes untrue."""

from typing import Literal

ORIENTATION_TAG = 0x0112
_EXIF_DIRECTORY = 0x8769
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
_GPS_DIRECTORY = 0x8825
_SHORT = 3
# Bytes of one value by its type (TIFF 6.0, section 2); the types that are not here have 8.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 11: 4, 13: 4}
# What is stated across and down: size, resolution; and in the EXIF directory size and focal plane resolution.
_MAIN_PAIRS = ((0x0100, 0x0101), (0x011A, 0x011B))
_NESTED_PAIRS = ((0xA002, 0xA003), (0xA20E, 0xA20F))


def turned_exif(exif: bytes, orientation: int) -> bytes:
    """Return the EXIF block (a TIFF structure) of a picture whose pixels were turned by `orientation` (1..8)."""
    order, block = _order(exif), bytearray(exif)
    main = _entries(exif, int.from_bytes(exif[4:8], order))
    if (at := main.get(ORIENTATION_TAG)) is not None:
        block[at + 8 : at + 10] = (1).to_bytes(2, order)
    if orientation >= 5:
        _swap(block, main, _MAIN_PAIRS)
        if (at := main.get(_EXIF_DIRECTORY)) is not None:
            _swap(block, _entries(exif, _value(exif, at)), _NESTED_PAIRS)
    return bytes(block)


def without_thumbnail(exif: bytes) -> bytes:
    """Return the EXIF block without its thumbnail: file browsers would go on showing the grey original."""
    order = _order(exif)
    main = int.from_bytes(exif[4:8], order)
    link = main + 2 + 12 * int.from_bytes(exif[main : main + 2], order)
    second = int.from_bytes(exif[link : link + 4], order)
    if not second or link + 4 > len(exif):
        return exif
    unlinked = exif[:link] + bytes(4) + exif[link + 4 :]
    entries = _entries(exif, second)
    if _THUMBNAIL not in entries or _THUMBNAIL_BYTES not in entries:
        return unlinked
    start = _value(exif, entries[_THUMBNAIL])
    end = start + _value(exif, entries[_THUMBNAIL_BYTES])
    if start < link + 4 or exif[start : start + 2] != b"\xff\xd8":
        return unlinked
    # In the middle it is blanked, so that no offset of what follows changes.
    return unlinked[:start] + (bytes(end - start) + unlinked[end:] if end < len(exif) else b"")


def is_overlapping(block: bytes) -> bool:
    """Tell whether the values of a directory claim more bytes than the whole block (a TIFF structure) has.

    No program writes such a one; readers that copy each value would turn a megabyte into gigabytes.
    """
    order, main = _order(block), _entries(block, int.from_bytes(block[4:8], _order(block)))
    nested = [_value(block, main[tag]) for tag in (_EXIF_DIRECTORY, _GPS_DIRECTORY) if tag in main]
    for places in (main, *(_entries(block, start) for start in nested)):
        total = 0
        for at in places.values():
            kind, count = (int.from_bytes(block[at + i : at + j], order) for i, j in ((2, 4), (4, 8)))
            total += _SIZES.get(kind, 8) * count
        if total > len(block):
            return True
    return False


def _order(exif: bytes) -> Literal["little", "big"]:
    return "little" if exif[:2] == b"II" else "big"


def _entries(exif: bytes, start: int) -> dict[int, int]:
    """Where the entry of each tag of the directory at `start` lies, as far as the block reaches."""
    order = _order(exif)
    count = int.from_bytes(exif[start : start + 2], order)
    places = range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12)
    return {int.from_bytes(exif[at : at + 2], order): at for at in places}


def _value(exif: bytes, entry: int) -> int:
    order = _order(exif)
    size = 2 if int.from_bytes(exif[entry + 2 : entry + 4], order) == _SHORT else 4
    return int.from_bytes(exif[entry + 8 : entry + 8 + size], order)


def _swap(block: bytearray, entries: dict[int, int], pairs: tuple[tuple[int, int], ...]) -> None:
    """Exchange the types, counts and values (or their offsets) of each pair of tags."""
    for pair in pairs:
        if all(tag in entries for tag in pair):
            first, second = (slice(entries[tag] + 2, entries[tag] + 12) for tag in pair)
            block[first], block[second] = block[second], block[first]
