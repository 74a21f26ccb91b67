"""What programs write is far below the bounds, and what is above is refused by its own words, wherever it hides."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from photochrom.errors import UnreadablePhoto
from photochrom.photo.sniff import HEAD_BYTES, sniff
from security import hostile_structures as hostile
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.structure import check_structure

GREY = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
LIMITS = PhotoLimits()


def check(data: bytes, limits: PhotoLimits = LIMITS) -> None:
    check_structure(data, sniff(data[:HEAD_BYTES]), limits)


def saved(format_: str, **how: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(GREY).convert("RGB").save(file, format_, **how)
    return file.getvalue()


def heic(grid: int) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_bytes("L", (256, 256), GREY.tobytes()).save(file, quality=90, tile_size=grid)
    return file.getvalue()


def tiff(pages: int = 3, **how: object) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=bool(how.pop("big", False))) as writer:
        for _ in range(pages):
            writer.write(GREY, **how)
    return file.getvalue()


ANIMATION = {"save_all": True, "append_images": [Image.fromarray(255 - GREY).convert("RGB")] * 20}


@pytest.mark.parametrize(
    "written",
    [
        lambda: saved("WEBP"),
        lambda: saved("WEBP", **ANIMATION),
        lambda: saved("AVIF"),
        lambda: saved("AVIF", **ANIMATION),
        lambda: heic(64),
        lambda: saved("JPEG2000", no_jp2=True),
        lambda: saved(
            "JPEG2000", no_jp2=False, tile_size=(32, 32), num_resolutions=3, precinct_size=(64, 64)
        ),
        lambda: saved("JPEG2000", quality_layers=[80, 40, 20, 10], codeblock_size=(16, 16)),
        tiff,
        lambda: tiff(big=True),
        lambda: tiff(tile=(16, 16)),
        lambda: tiff(rowsperstrip=1),
        lambda: tiff(subifds=2, pages=1),
    ],
)
def test_what_programs_write_is_within_the_bounds(written: Callable[[], bytes]) -> None:
    check(written())


@pytest.mark.parametrize(
    "data",
    [
        hostile.codestream(14_000),
        hostile.codestream(14_000, 128),
        hostile.codestream(14_000, 1024, layers=25),
        hostile.codestream(14_000, precinct=7, layers=20),
        hostile.codestream(14_000, block=5),
    ],
)
def test_nor_is_a_page_of_an_archive_at_the_largest_size(data: bytes) -> None:
    check(data)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: hostile.codestream(precinct=1), "precincts"),
        (lambda: hostile.codestream(2550, 10), "tiles"),
        (lambda: hostile.codestream(precinct=8, layers=65_535), "packets"),
        (lambda: hostile.codestream(14_000, block=2), "code-blocks"),
        (hostile.hidden, "precincts"),
        (hostile.frames, "frames"),
        (lambda: hostile.pieces(b"avif"), "items"),
        (hostile.tiny_tiles, "tiles"),
        (hostile.many_entries, "entries"),
    ],
)
def test_a_few_bytes_that_claim_millions_are_refused_by_name(make: Callable[[], bytes], word: str) -> None:
    with pytest.raises(UnreadablePhoto, match=f"{word}.*save it again"):
        check(make())


def test_a_style_of_one_component_or_one_tile_counts_as_well() -> None:
    """COC in the main header; COD in the header of a tile's part; and behind a marker that nobody knows."""
    plain, tiny = hostile.codestream(), hostile.codestream(precinct=1)
    at = tiny.index(b"\xff\x52")
    style = tiny[at : at + 2 + int.from_bytes(tiny[at + 2 : at + 4], "big")]
    component = b"\xff\x53" + struct.pack(">HBB", len(style) - 5, 0, 1) + style[9:]
    quantization, part = plain.index(b"\xff\x5c"), plain.index(b"\xff\x93")
    start = plain.index(b"\xff\x90")
    longer = struct.pack(">I", int.from_bytes(plain[start + 6 : start + 10], "big") + len(style))
    in_part = plain[: start + 6] + longer + plain[start + 10 : part] + style + plain[part:]
    unknown = plain[:quantization] + b"\xff\x30" + style + plain[quantization:]
    for data in (plain[:quantization] + component + plain[quantization:], in_part, unknown):
        with pytest.raises(UnreadablePhoto, match="precincts"):
            check(data)


def test_a_picture_that_is_too_large_is_left_to_be_refused_for_that() -> None:
    check(hostile.codestream(60_000, 64))


def test_directories_within_directories_count_as_well() -> None:
    """SubIFDs are where raw cameras keep their pictures."""
    nested = hostile.tiny_tiles()
    outer = struct.pack("<HHHIIHHIII", 2, 256, 4, 1, 16, 330, 4, 1, 8 + 30, 0)
    inner = nested[8:]
    with pytest.raises(UnreadablePhoto, match="tiles"):
        check(b"II*\0" + struct.pack("<I", 8) + outer + inner)


def test_what_makes_no_sense_is_left_to_the_decoder() -> None:
    for data in (
        saved("WEBP")[:30],
        saved("AVIF")[:50],
        saved("JPEG2000", no_jp2=True)[:60],
        b"\xff\x4f\xff\x51\xff\xff",
        b"\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x02free",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff",
        b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00heicmif1miaf\x00\x00\x00\x01free\x00\x00\x00\x00\x00\x00\x00\x00",
    ):
        check(data)
