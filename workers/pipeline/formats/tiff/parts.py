"""The strips or tiles of a TIFF's page: that each is there, and whole; tifffile leaves black what is not."""

from typing import Any

from photochrom.errors import UnreadablePhoto

from ..damage import damaged
from ..jpeg.file import BASELINE, EXTENDED, PROGRESSIVE, Frame, JpegFile, read_frame
from ..jpeg.pixels import decode_jpeg

JPEG = 7
"""TIFF's tag of that compression."""
_BLOCK = 16
_TABLES, _SEPARATE, _INKS = 347, 2, 4
_OFFSETS, _ROWS, _SIZES = 273, 278, 279
_PLAIN, _SEVERAL = 1, 2
_BITS = 8
_SMALL = 1024  # bytes of a part that may be none of its picture, as the tables of a JPEG are
_SPARSE = "The TIFF leaves out tiles of its picture, as programs for maps do; they are black."


def check_parts(page: Any, data: bytes) -> tuple[str, ...]:
    """Return a sentence where tiles were left out on purpose.

    Raises:
        UnreadablePhoto: a part is missing, lies beyond the end of the file, or is a JPEG that is damaged or too large.
    """
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not places or any(offset + count > len(data) for offset, count in places):
        raise UnreadablePhoto("The TIFF is truncated: part of its picture lies beyond the end of the file.")
    # Equal tiles may lie in one place; but each part is read by itself, and few are larger than what they unpack to.
    if sum(count for _, count in places) > max(len(data), 2 * page.nbytes + _SMALL * len(places)):
        raise UnreadablePhoto("The TIFF is damaged: the parts of its picture overlap. Copy or scan it again.")
    # How GDAL writes files that have holes.
    holes = sum(page.is_tiled and place == (0, 0) for place in places)
    there = sum(offset > 0 and count > 0 for offset, count in places)
    count = _count(page)
    if there + holes < count or not there:
        raise UnreadablePhoto(
            f"The TIFF is damaged: {count - there:,} of the {count:,} parts of its picture are missing. "
            "Copy or scan it again."
        )
    _check_height_of_strips(page)
    if int(page.compression) == JPEG:
        _check_jpegs(page, [data[offset : offset + size] for offset, size in places if size])
    return (_SPARSE,) * bool(holes)


def _check_height_of_strips(page: Any) -> None:
    """Refuse strips of no stated height, unless they are one, or lie as one: of others tifffile reads the first."""
    offsets, sizes = (page.tags.valueof(tag, ()) for tag in (_OFFSETS, _SIZES))
    if _ROWS in page.tags or not isinstance(offsets, tuple) or len(offsets) < _SEVERAL:
        return
    ends = [offset + size for offset, size in zip(offsets, sizes, strict=False)]
    if int(page.compression) != _PLAIN or ends[:-1] != list(offsets[1:]):
        raise UnreadablePhoto(
            f"The TIFF is damaged: it does not say how high its {len(offsets):,} strips are. Copy or scan it again."
        )


def _count(page: Any) -> int:
    """Return how many strips or tiles the picture has by its sizes."""
    height, width = _sides(page)
    each = -(-page.imagelength // height) * -(-page.imagewidth // width)
    return int(each * (page.samplesperpixel if int(page.planarconfig) == _SEPARATE else 1))


def _sides(page: Any) -> tuple[int, int]:
    """Return height and width of a strip or tile."""
    rows = min(page.rowsperstrip or page.imagelength, page.imagelength)
    return page.tilelength or rows, page.tilewidth or page.imagewidth


def _check_jpegs(page: Any, parts: list[bytes]) -> None:
    """Refuse JPEGs that are larger than the page says, as their decoder goes by them alone, and damaged ones.

    Of damage that decoder says nothing; another one does, at an eighth of the size.
    """
    height, width = (-(-side // _BLOCK) * _BLOCK for side in _sides(page))
    tables = page.tags.valueof(_TABLES, b"")
    for part in parts:
        frame = read_frame(part)
        if frame.height * frame.width > height * width:
            raise UnreadablePhoto("The TIFF is damaged: a JPEG in it is larger than its header says.")
        if _is_usual(frame):
            _check_picture(part[:2] + tables[2:-2] + part[2:], frame)


def _is_usual(frame: Frame) -> bool:
    return frame.precision == _BITS and frame.marker in (BASELINE, EXTENDED, PROGRESSIVE)


def _check_picture(whole: bytes, frame: Frame) -> None:
    try:
        jpeg = JpegFile.read(whole)
        if not jpeg.complete:
            raise damaged("TIFF")
        decode_jpeg(whole, jpeg, "CMYK" if len(frame.components) == _INKS else "GRAY", 8)
    except UnreadablePhoto as error:
        raise damaged("TIFF") from error
