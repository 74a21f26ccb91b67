"""The metadata in a TIFF's directory, byte by byte: as an EXIF block, and as the tags that only a TIFF holds."""

from collections.abc import Iterable

from ...metadata import photoshop
from ...metadata.directory import LONG, Entry, Structure, classic
from ...metadata.exif import made_block, nested_directories
from ...metadata.orientation import orientation_among, resolution_among
from ...photo import Metadata, OwnTags

ICC_TAG, XMP_TAG, IPTC_TAG, PHOTOSHOP_TAG = 34675, 700, 33723, 34377
TEXT_TAGS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)
"""Document, description, make, model, page, software, date, artist, host and copyright."""
_WINDOWS_TAGS = (18246, 18249, *range(40091, 40096))  # rating; title, comment, author, keywords, subject
# TIFF/EP (ISO 12234-2) has the camera's settings in the main directory.
_CAMERA_TAGS = (33434, 33437, 34850, 34855, 36867, 36868, *range(37377, 37387))
DESCRIPTIVE = frozenset((*TEXT_TAGS, *_WINDOWS_TAGS, *_CAMERA_TAGS))
"""The tags of a main directory that describe the photograph, not how its picture is stored."""
# GeoTIFF 1.1 and GDAL: where on Earth the picture lies, by its pixels.
_GEO_TAGS = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
_FIRST_PRIVATE = 32768
# Which say how the picture is stored (32995 and so on are SGI's), are read elsewhere, or are for printers and padding.
_STORAGE_TAGS = (
    32781,
    *range(32995, 32999),
    34665,
    34853,
    50341,
    59932,
    59933,
    *(ICC_TAG, IPTC_TAG, PHOTOSHOP_TAG),
)
_NAMES = {37724: "37724 (Photoshop's layers)"}
_MANY = 5


def read_metadata(structure: Structure, starts: Iterable[int]) -> tuple[Metadata, int, tuple[str, ...]]:
    """Read the directories at `starts`, the first that has a tag counts.

    Returns:
        The metadata, the orientation 1..8, and a sentence where something cannot be carried to any format.
    """
    readable = [start for start in starts if not structure.is_overlapping(start)]
    order, main = structure.order, dict[int, Entry]()
    for start in reversed(readable):
        main |= {t: e for t, entry in structure.entries(start).items() if (e := classic(entry, order))}
    nested = [nested_directories(structure, start) for start in readable]
    directories = {tag: entries for found in reversed(nested) for tag, entries in found.items()}
    exif = made_block({tag: main[tag] for tag in DESCRIPTIVE & main.keys()}, directories, order)
    resources = _value(main, PHOTOSHOP_TAG)
    geo = {tag: main[tag] for tag in _GEO_TAGS if tag in main}
    metadata = Metadata(
        icc=_value(main, ICC_TAG),
        exif=exif,
        xmp=_value(main, XMP_TAG),
        iptc=_iptc(main) or (photoshop.iptc(resources) if resources else None),
        dpi=resolution_among(main, order),
        resources=photoshop.without_copies(resources) if resources else None,
        geo=OwnTags(order, geo) if geo else None,
    )
    return metadata, orientation_among(main, order), _private(main)


def descriptive_entries(block: bytes) -> dict[int, Entry]:
    """Return the entries of an EXIF block's main directory that describe the photograph."""
    structure = Structure(block)
    main = structure.entries(structure.first)
    return {tag: main[tag] for tag in DESCRIPTIVE & main.keys()}


def _private(main: dict[int, Entry]) -> tuple[str, ...]:
    known = DESCRIPTIVE.union(_GEO_TAGS, _STORAGE_TAGS)
    private = sorted(tag for tag in main if tag >= _FIRST_PRIVATE and tag not in known)
    if not private:
        return ()
    names = ", ".join(_NAMES.get(tag, str(tag)) for tag in private[:_MANY]) + ", ..." * (len(private) > _MANY)
    return (f"The TIFF has tags of a maker's own, {names}; they were left out.",)


def _value(main: dict[int, Entry], tag: int) -> bytes | None:
    return main[tag].value if tag in main else None


def _iptc(main: dict[int, Entry]) -> bytes | None:
    """IPTC records; some programs call them LONG, and so have them turned with the byte order."""
    entry = main.get(IPTC_TAG)
    if entry is None or entry.kind != LONG or entry.value.startswith(b"\x1c"):
        return entry.value if entry else None
    turned = b"".join(entry.value[at : at + 4][::-1] for at in range(0, len(entry.value), 4))
    return turned if turned.startswith(b"\x1c") else entry.value
