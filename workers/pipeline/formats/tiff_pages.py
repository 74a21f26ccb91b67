"""How many pages a TIFF or BigTIFF has; tifffile would follow millions of them, one by one."""

MANY_PAGES = 1000
"""Nobody needs to know the number beyond this one."""


def count_pages(data: bytes) -> int:
    """Return the length of the chain of directories, no more than `MANY_PAGES`; one that leads back ends there."""
    order = "little" if data[:2] == b"II" else "big"
    big = data[2:4] in (b"+\x00", b"\x00+")
    # Sizes of the count of entries, of an entry, and of an offset; where the first offset lies.
    head, entry, link, first = (8, 20, 8, 8) if big else (2, 12, 4, 4)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]

    seen: set[int] = set()
    at = number(first, link)
    while 0 < at <= len(data) - head and at not in seen and len(seen) < MANY_PAGES:
        seen.add(at)
        at = number(at + head + entry * number(at, head), link)
    return len(seen)
