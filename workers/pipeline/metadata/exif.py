"""EXIF (JEITA CP-3451) changed in place: no byte moves but those that a turned, coloured picture makes untrue."""

from .directory import INTEGERS, Entry, Order, Structure, classic, longs, packed, shorts

ORIENTATION_TAG = 0x0112
EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
# What is stated across and down: size, resolution; and in the EXIF directory size and focal plane resolution.
_MAIN_PAIRS = ((0x0100, 0x0101), (0x011A, 0x011B))
_NESTED_PAIRS = ((0xA002, 0xA003), (0xA20E, 0xA20F))
Directories = dict[int, dict[int, Entry]]


def turned_exif(exif: bytes, orientation: int) -> bytes:
    """Return the EXIF block (a TIFF structure) of a picture whose pixels were turned by `orientation` (1..8)."""
    structure, block = Structure(exif), bytearray(exif)
    main = structure.places(structure.first)
    at = main.get(ORIENTATION_TAG)
    if at is not None and (size := INTEGERS.get(structure.number(at + 2, 2))):
        block[at + 8 : at + 8 + size] = (1).to_bytes(size, structure.order)
    if orientation >= 5:
        _swap(block, main, _MAIN_PAIRS)
        if (nested := _pointer(structure, main, EXIF_IFD)) is not None:
            _swap(block, structure.places(nested), _NESTED_PAIRS)
    return bytes(block)


def oriented_exif(exif: bytes | None, orientation: int) -> bytes:
    """Return the EXIF block, a new one for None, that states this orientation (1..8) of pixels as they lie."""
    structure = Structure(exif or b"")
    at = structure.places(structure.first).get(ORIENTATION_TAG) if exif else None
    if exif and at is not None and (size := INTEGERS.get(structure.number(at + 2, 2))):
        return exif[: at + 8] + orientation.to_bytes(size, structure.order) + exif[at + 8 + size :]
    order = structure.order if exif else "little"
    return with_entries(exif, {ORIENTATION_TAG: shorts(order, orientation)}, order)


def without_thumbnail(exif: bytes) -> bytes:
    """Return the EXIF block without its thumbnail: file browsers would go on showing the grey original."""
    structure = Structure(exif)
    link = structure.link(structure.first)
    second = structure.number(link, 4)
    if not second or link + 4 > len(exif):
        return exif
    unlinked = exif[:link] + bytes(4) + exif[link + 4 :]
    places = structure.places(second)
    start, length = (_pointer(structure, places, tag) for tag in (_THUMBNAIL, _THUMBNAIL_BYTES))
    if start is None or length is None or start < link + 4 or exif[start : start + 2] != b"\xff\xd8":
        return unlinked
    # In the middle it is blanked, so that no offset of what follows changes.
    end = start + length
    return unlinked[:start] + (bytes(end - start) + unlinked[end:] if end < len(exif) else b"")


def is_overlapping(block: bytes) -> bool:
    """Return whether the values of a directory of the block (a TIFF structure) claim more bytes than it has."""
    structure = Structure(block)
    return structure.is_overlapping(*_starts(structure))


def repaired(exif: bytes) -> bytes:
    """Return the EXIF block without the entries that point beyond its end, or to a directory that is none."""
    for _ in range(2):  # entries of the main directory first: the others are found through it
        structure = Structure(exif)
        for start in _starts(structure):
            exif = _without(
                exif, start, [tag for tag in structure.places(start) if _dangles(structure, start, tag)]
            )
    return exif


def without_tag(exif: bytes, tag: int) -> bytes:
    """Return the EXIF block without one tag of its main directory."""
    return _without(exif, Structure(exif).first, [tag])


def with_entries(exif: bytes | None, entries: dict[int, Entry], order: Order) -> bytes:
    """Return the EXIF block, a new one for None, with these entries in its main directory.

    The entries are in the block's byte order, which is `order`. A new directory goes to the end, and so nothing moves.
    """
    block = exif or {"little": b"II*\x00", "big": b"MM\x00*"}[order] + bytes(4)
    kept = Structure(exif).entries(Structure(exif).first) if exif else {}
    block += bytes(len(block) % 2)
    return block[:4] + len(block).to_bytes(4, order) + block[8:] + packed(kept | entries, order, len(block))


def made_block(main: dict[int, Entry], nested: Directories, order: Order) -> bytes | None:
    """Return an EXIF block of a main directory and the EXIF, GPS and Interoperability directories; None for nothing."""
    block = {"little": b"II*\x00", "big": b"MM\x00*"}[order] + bytes(4)
    more, pointers = packed_directories(nested, order, len(block))
    if not main and not pointers:
        return None
    start = len(block) + len(more)
    return block[:4] + start.to_bytes(4, order) + more + packed(main | pointers, order, start)


def packed_directories(nested: Directories, order: Order, at: int) -> tuple[bytes, dict[int, Entry]]:
    """Return the directories one after another, to be put at the even place `at`, and the tags that point to them."""
    block, pointers = b"", dict[int, Entry]()
    for tag, home in ((INTEROP_IFD, EXIF_IFD), (EXIF_IFD, 0), (GPS_IFD, 0)):
        if not (entries := nested.get(tag)):
            continue
        if tag == EXIF_IFD and INTEROP_IFD in pointers:
            entries = entries | {INTEROP_IFD: pointers.pop(INTEROP_IFD)}
        if not home or home in nested:
            pointers[tag] = longs(order, at + len(block))
            block += packed(entries, order, at + len(block))
    pointers.pop(INTEROP_IFD, None)
    return block, pointers


def nested_directories(structure: Structure, start: int) -> Directories:
    """Return what the EXIF, GPS and Interoperability directories hold below the directory at `start`."""
    found: Directories = {}
    for tag, home in ((EXIF_IFD, 0), (GPS_IFD, 0), (INTEROP_IFD, EXIF_IFD)):
        entries = found.get(home, {}) if home else structure.entries(start)
        if (pointer := entries.get(tag)) is None or not (numbers := pointer.numbers(structure.order)):
            continue
        at = int(numbers[0])
        if structure.has_directory(at) and not structure.is_overlapping(at):
            wide = structure.entries(at).items()
            found[tag] = {t: e for t, entry in wide if (e := classic(entry, structure.order))}
    for entries in found.values():
        entries.pop(INTEROP_IFD, None)
    return found


def _starts(structure: Structure) -> tuple[int, ...]:
    """Where the main directory of a block lies, and those that it points to."""
    main = structure.places(structure.first)
    nested = [_pointer(structure, main, tag) for tag in (EXIF_IFD, GPS_IFD)]
    exif = structure.places(nested[0]) if nested[0] is not None else {}
    found = [*nested, _pointer(structure, exif, INTEROP_IFD)]
    return structure.first, *(
        start for start in found if start is not None and structure.has_directory(start)
    )


def _pointer(structure: Structure, places: dict[int, int], tag: int) -> int | None:
    if (at := places.get(tag)) is None:
        return None
    begin, length = structure.span(at)
    return structure.number(begin, min(length, 8)) if begin + length <= len(structure.data) else None


def _dangles(structure: Structure, start: int, tag: int) -> bool:
    places = structure.places(start)
    begin, length = structure.span(places[tag])
    if begin + length > len(structure.data):
        return True
    if tag not in (EXIF_IFD, GPS_IFD, INTEROP_IFD):
        return False
    return not structure.has_directory(_pointer(structure, places, tag) or 0)


def _without(exif: bytes, start: int, tags: list[int]) -> bytes:
    """Take entries out of a classic directory: those behind them move up, and nothing else moves."""
    structure = Structure(exif)
    places, end = structure.places(start), structure.link(start) + 4
    gone = [places[tag] for tag in tags if tag in places]
    if not gone or end > len(exif):
        return exif
    kept = b"".join(exif[at : at + 12] for at in range(start + 2, end - 4, 12) if at not in gone)
    count = (len(kept) // 12).to_bytes(2, structure.order)
    directory = count + kept + exif[end - 4 : end]
    return exif[:start] + directory.ljust(end - start, b"\x00") + exif[end:]


def _swap(block: bytearray, places: dict[int, int], pairs: tuple[tuple[int, int], ...]) -> None:
    """Exchange the types, counts and values (or their offsets) of each pair of tags."""
    for pair in pairs:
        if all(tag in places for tag in pair):
            first, second = (slice(places[tag] + 2, places[tag] + 12) for tag in pair)
            block[first], block[second] = block[second], block[first]
