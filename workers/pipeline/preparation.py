"""What is done to a scan before all else: it is turned and mirrored, as the caller wishes or a network finds it.

A turn changes no pixel: it is an orientation more, after the file's own. A JPEG's luma stays as it is coded, and its
EXIF says how it is to be seen; other files are written upright (decision 26).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.restoration import Restoration
from photochrom.photo.turning import Turning
from photochrom.seeing.see import LightnessAt
from photochrom.seeing.sizes import Size

from ..network.networks import Networks
from .formats.jpeg.file import JpegFile
from .formats.jpeg.luma import lightness_of_luma
from .formats.jpeg.metadata import read_metadata, with_orientation
from .formats.jpeg.pixels import decode_jpeg
from .metadata.orientation import composed
from .notes import NO_TURNER
from .photo import Photo
from .prediction import lightness_of_pixels, lightness_of_plane, turned

_QUARTERS = {0: 1, 90: 6, 180: 3, 270: 8}
_MIRRORED = 2
_ENOUGH = 800
"""Pixels of the longer side, at which a JPEG is looked at."""
Look = tuple[LightnessAt, Size]


@dataclass(frozen=True)
class Preparation:
    """How a scan is turned."""

    turning: Turning | None = None
    """None where nobody asked for it."""
    notes: tuple[str, ...] = ()
    """Sentences for the record."""

    @property
    def moves(self) -> bool:
        """Whether the scan does not stay as it is."""
        return self.turning is not None and self.turning.moves

    @property
    def orientation(self) -> int:
        """What it does to the upright scan, as an EXIF orientation 1..8."""
        if self.turning is None:
            return 1
        return composed(_QUARTERS[self.turning.turn], _MIRRORED if self.turning.mirror else 1)

    def of_jpeg(self, jpeg: JpegFile) -> JpegFile | None:
        """Return the same picture with the turn in its metadata; None where they have no room for it."""
        if not self.moves:
            return jpeg
        _, own = read_metadata(jpeg.metadata)
        segments = with_orientation(jpeg.metadata, composed(own, self.orientation))
        return None if segments is None else jpeg.with_metadata(segments)

    def of_photo(self, photo: Photo) -> Photo:
        """Return an upright photograph turned."""
        return replace(photo, orientation=self.orientation).turned_upright()

    def with_told(self, told: Restoration | None) -> Restoration | None:
        """Return what the steps before colour did, this one among them."""
        if self.turning is None:
            return told
        return (told or Restoration()).model_copy(update={"turning": self.turning})


NOTHING = Preparation()


def prepared(options: ColorizeOptions, networks: Networks[Any], look: Callable[[], Look]) -> Preparation:
    """Return what the options wish.

    Args:
        options: of the result.
        networks: one of them tells which way is up.
        look: gives L* of the upright scan at any size, and its height and width; called where a network has to see it.
    """
    if options.turn != "auto":
        return by_hand(options)
    turning = Turning(mirror=options.mirror, chosen_by="network")
    if (found := networks.turned(*look())) is None:
        return Preparation(turning if turning.moves else None, (NO_TURNER,))
    return Preparation(turning.model_copy(update=found._asdict()))


def by_hand(options: ColorizeOptions) -> Preparation:
    """Return what the options wish where the turn is a number."""
    turn = 0 if options.turn == "auto" else options.turn
    turning = Turning(turn=turn, mirror=options.mirror)
    return Preparation(turning if turning.moves else None)


def look_at_jpeg(data: bytes, jpeg: JpegFile) -> Look:
    """Return what a network sees of an upright JPEG of grey or YCbCr; raise `UnreadablePhoto` where it is damaged."""
    longest = max(jpeg.frame.height, jpeg.frame.width)
    factor = next(factor for factor in (8, 4, 2, 1) if factor == 1 or longest // factor >= _ENOUGH)
    luma = decode_jpeg(data, jpeg, "GRAY", factor).pixels[..., 0]
    own = read_metadata(jpeg.metadata)[1]
    lightness = lightness_of_luma(np.ascontiguousarray(luma, np.uint8))
    return lightness_of_plane(lightness, own), turned((jpeg.frame.height, jpeg.frame.width), own)


def look_at_photo(photo: Photo) -> Look:
    """Return the same of an upright photograph."""
    return lightness_of_pixels(photo.pixels), (photo.pixels.shape[0], photo.pixels.shape[1])
