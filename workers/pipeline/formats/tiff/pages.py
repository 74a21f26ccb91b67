"""The directories of a TIFF or BigTIFF; tifffile would follow millions of them, one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

from photochrom.errors import UnsupportedFormat

from ...metadata.directory import Structure

MANY_PAGES = 1000
"""Nobody needs to know the number beyond this one."""
_KIND, _OLD_KIND, _WIDTH, _HEIGHT, _PHOTOMETRIC, _MORE, _DNG = 254, 255, 256, 257, 262, 330, 50706
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_SENSOR_DATA = (32803, 34892)  # a colour filter array's, and linear ones
_THUMBNAIL = 512  # pixels a side, at most
_TWICE = 2
_RAW = "This is a raw camera file; develop it to TIFF first."


@dataclass(frozen=True)
class Page:
    """What a directory says of its picture."""

    start: int
    width: int = 0
    height: int = 0
    ordinary: bool = True
    """Neither a reduced copy of another one nor a mask for it."""
    main: bool = True
    """In the chain of pages, not below one of them."""

    @property
    def size(self) -> int:
        """The number of pixels."""
        return self.width * self.height


def count_pages(data: bytes) -> int:
    """Return the length of the chain of directories, no more than `MANY_PAGES`; one that leads back ends there."""
    return len(list(_chain(Structure(data))))


def read_pages(structure: Structure) -> list[Page]:
    """Return the pages, and the pictures below them, each as its directory describes it.

    Raises:
        UnsupportedFormat: the file holds what a camera's sensor saw, and at best small pictures of it.
    """
    if structure.data[8:10] == b"CR" and not structure.big:
        raise UnsupportedFormat(_RAW)
    found: dict[int, Page] = {}
    for start in _chain(structure):
        found[start] = _page(structure, start, main=True)
        for below in _numbers(structure, start, _MORE):
            if structure.has_directory(int(below)) and len(found) < MANY_PAGES:
                found.setdefault(int(below), _page(structure, int(below), main=False))
    return list(found.values())


def main_page(pages: list[Page]) -> Page:
    """Return the first page, unless it is a copy of another or a mask: then the largest picture.

    Not all programs say so: it is a copy where a larger picture lies below it, or where it has the size of a
    thumbnail and the shape of a later page.
    """
    first = pages[0]
    ordinary = [page for page in pages if page.ordinary]
    if first.ordinary:
        ordinary = [page for page in ordinary if _is_copy(first, page)] or [first]
    return max(ordinary, key=lambda page: page.size, default=first)


def _is_copy(small: Page, page: Page) -> bool:
    """Whether a page that does not say so shows another one in small."""
    if not page.main:
        return page.size > small.size
    sides, of_page = (small.width, small.height), (page.width, page.height)
    if (
        not all(sides)
        or max(sides) > _THUMBNAIL
        or any(_TWICE * side > of for side, of in zip(sides, of_page, strict=True))
    ):
        return False
    # Rounded to whole pixels, the same shape.
    return abs(small.width * page.height - small.height * page.width) <= max(of_page)


def _page(structure: Structure, start: int, *, main: bool) -> Page:
    places = structure.places(start)
    width, height, kind, old_kind, photometric = (
        int(next(iter(_numbers(structure, start, tag, places)), 0))
        for tag in (_WIDTH, _HEIGHT, _KIND, _OLD_KIND, _PHOTOMETRIC)
    )
    if photometric in _SENSOR_DATA or _DNG in places:
        raise UnsupportedFormat(_RAW)
    ordinary = not kind & (_REDUCED | _MASK) and old_kind != _OLD_REDUCED
    return Page(start, width, height, ordinary, main)


def _numbers(
    structure: Structure, start: int, tag: int, places: dict[int, int] | None = None
) -> tuple[float, ...]:
    places = structure.places(start) if places is None else places
    entry = structure.entry(places[tag]) if tag in places else None
    return entry.numbers(structure.order) if entry else ()


def _chain(structure: Structure) -> Iterator[int]:
    seen: set[int] = set()
    head = 8 if structure.big else 2
    start = structure.first
    while 0 < start <= len(structure.data) - head and start not in seen and len(seen) < MANY_PAGES:
        seen.add(start)
        yield start
        start = structure.next(start)
