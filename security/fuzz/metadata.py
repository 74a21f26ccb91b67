"""EXIF, XMP, Photoshop's resources and ICC profiles, each reader on the same bytes."""

import struct

import numpy as np

from photochrom.errors import PhotoRejected
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.color.profile import as_srgb
from workers.pipeline.color.space import space_of
from workers.pipeline.metadata import exif, icc, orientation, photoshop, xmp
from workers.pipeline.metadata.provenance import Provenance, Step
from workers.pipeline.metadata.xmp_properties import read_properties
from workers.pipeline.photo import Metadata, Photo

from . import pictures
from .colorizing import _OneColor

_CARD: ModelCard = _OneColor.card
_PROVENANCE = Provenance(_CARD, "0" * 64, (Step("colorized", {"note": '<&">'}),))
_GREY = np.linspace(0, 255, 16).astype(np.uint8).reshape(4, 4)


def seeds() -> list[bytes]:
    """Return a valid block of each kind."""
    return [
        pictures.exif(),
        pictures.exif(order=">"),
        pictures.XMP,
        photoshop.with_iptc(pictures.IPTC) + b"8BIM" + struct.pack(">HHI", 0x040C, 0, 6) + b"thumbs",
        icc.srgb(),
        icc.power(1.8),
        pictures.grey_profile(),
    ]


def check(data: bytes) -> None:
    """Every reader says something or nothing; what is written back is of the length that it was."""
    _check_exif(data)
    _check_profile(data)
    photoshop.iptc(data)
    assert len(photoshop.without_thumbnails(data)) <= len(data)
    assert len(xmp.turned_xmp(data)) == len(data)
    noted = xmp.with_provenance(data, _PROVENANCE)
    # Even where damage hides an earlier note, notes do not pile up.
    again = xmp.with_provenance(noted, _PROVENANCE)
    assert xmp.with_provenance(again, _PROVENANCE) == again
    # What was well-formed stays so, also when the note goes.
    if read_properties(data) is not None:
        assert read_properties(noted) is not None
        assert read_properties(xmp.without_provenance(noted, Step("uncolored"))) is not None
    xmp.own_properties(data)


def _check_exif(data: bytes) -> None:
    assert 1 <= orientation.read_orientation(data) <= 8
    assert len(exif.without_thumbnail(data)) <= len(data)
    for turn in range(1, 9):
        assert len(exif.turned_exif(data, turn)) == len(data)
    resolution = orientation.resolution_of(data)
    assert resolution is None or min(resolution) > 0
    orientation.with_resolution(data, (300.0, 300.0))


def _check_profile(data: bytes) -> None:
    space_of(data)
    coloured = icc.colored(data)
    assert coloured is None or icc.color_space(coloured) == "RGB"
    for pixels in (_GREY, np.dstack([_GREY] * 3)):
        try:
            seen = as_srgb(Photo(pixels, PhotoFormat.PNG, Metadata(icc=data)))
        except PhotoRejected as refusal:
            assert str(refusal).endswith(".")
        else:
            assert seen.pixels.shape[:2] == pixels.shape[:2]
