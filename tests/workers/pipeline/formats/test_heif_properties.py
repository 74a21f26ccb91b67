"""A picture of which a part is to be shown is coloured as that part: AVIF's clean aperture."""

import io
import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.decode import decode
from workers.pipeline.formats.heif_properties import clean_aperture
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata import icc
from workers.pipeline.structure.boxes import outer_boxes

HEIGHT, WIDTH = 60, 80
LIMITS = PhotoLimits()


@pytest.fixture(scope="module")
def stored(grey_photo) -> bytes:
    """An AVIF with a profile, of which the tests make another property."""
    file = io.BytesIO()
    image = Image.fromarray(np.dstack([grey_photo[:HEIGHT, :WIDTH]] * 3))
    image.save(file, "AVIF", quality=95, subsampling="4:4:4", icc_profile=icc.srgb(), speed=10)
    return file.getvalue()


def aperture(width: int, height: int, across: int, down: int, parts: int = 1) -> bytes:
    """Return the numbers of a part, each over so many parts of a pixel; its middle lies off the picture's."""
    return struct.pack(">IIIIiIiI", width, parts, height, parts, across, parts, down, parts)


def showing(data: bytes, part: bytes) -> bytes:
    """Return the file with the part in place of its profile: as long, so that nothing else has to move."""
    at = data.index(b"colrprof")
    data = data[:at] + b"clap" + part + data[at + 4 + len(part) :]
    ((_, meta, end),) = (box for box in outer_boxes(data) if box[0] == b"meta")
    inner = {kind: place for kind, *place in outer_boxes(data, meta + 4, end)}
    within = {kind: place for kind, *place in outer_boxes(data, *inner[b"iprp"])}
    kinds = [kind for kind, _, _ in outer_boxes(data, *within[b"ipco"])]
    start, stop = within[b"ipma"]
    # A reader has to know it (the highest bit); the items have their names and counts before.
    told = bytearray(data[start:stop])
    index = told.index(kinds.index(b"clap") + 1, 11)
    told[index] |= 0x80
    return data[:start] + bytes(told) + data[stop:]


@pytest.mark.parametrize(
    ("part", "rows", "columns"),
    [
        (aperture(40, 20, 0, 0), (20, 40), (20, 60)),
        (aperture(40, 20, 10, -20), (0, 20), (30, 70)),
        (aperture(80, 40, 20, 0, 2), (20, 40), (30, 70)),
        (aperture(79, 59, -1, -1, 1), (0, 58), (0, 78)),
    ],
    ids=["middle", "off the middle", "halves", "odd"],
)
def test_the_part_that_is_to_be_shown_is_what_comes_out(part, rows, columns, stored):
    whole = decode(stored, PhotoFormat.AVIF, LIMITS)
    shown = decode(showing(stored, part), PhotoFormat.AVIF, LIMITS)
    assert_array_equal(shown.pixels, whole.pixels[slice(*rows), slice(*columns)])


@pytest.mark.parametrize("part", [aperture(40, 20, 100, 0), aperture(0, 20, 0, 0), aperture(40, 20, 0, 0, 0)])
def test_a_part_that_makes_no_sense_is_no_part(part, stored):
    assert decode(showing(stored, part), PhotoFormat.AVIF, LIMITS).pixels.shape[:2] == (HEIGHT, WIDTH)


def test_of_a_file_that_is_cut_anywhere_nothing_is_read_beyond_its_end(stored):
    data = showing(stored, aperture(40, 20, 0, 0))
    expected = slice(20, 40), slice(20, 60)
    assert clean_aperture(data, HEIGHT, WIDTH) == expected
    found = [clean_aperture(data[:end], HEIGHT, WIDTH) for end in range(len(data))]
    assert all(part in (None, expected) for part in found)
