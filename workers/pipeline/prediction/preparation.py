"""What is done to a scan first: straighten, turn, mirror and invert it, as the options say or as it looks.

A turn changes no pixel: it is a further orientation, after the file's own. A JPEG keeps its coded luma, and its EXIF
says how to show it; other files are written upright (decision 26).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from photochrom.photo.frames import Frame
from photochrom.photo.options import ColorizeOptions, Deskew, Levels
from photochrom.photo.restoration import Luma, Restoration
from photochrom.photo.sniff import PhotoFormat
from photochrom.photo.turning import Inversion, Straightening, Turning

from ...network.networks import Networks
from ..album.turn import STRAIGHT, cut_out
from ..color.negative import is_surely_masked
from ..formats.jpeg.file import JpegFile
from ..formats.jpeg.metadata import has_damaged_exif, read_metadata, with_orientation
from ..formats.jpeg.pixels import decode_upright
from ..metadata.orientation import composed
from ..notes import DAMAGED_EXIF, INVERTED, NO_TURNER, STRAIGHTENED, TOLD
from ..photo import Photo
from ..skew import find_skew
from .predict import lightness_of_pixels

_QUARTERS = {0: 1, 90: 6, 180: 3, 270: 8}
_MIRRORED = 2
_ENOUGH = 800
"""Pixels of the longer side, at which a JPEG is looked at."""


@dataclass(frozen=True)
class Preparation:
    """How a scan is straightened and turned, and whether it is inverted."""

    straightening: Straightening | None = None
    turning: Turning | None = None
    """None where nobody asked for it."""
    inversion: Inversion | None = None
    notes: tuple[str, ...] = ()
    """Sentences for the record."""

    @property
    def moves(self) -> bool:
        """Whether the scan does not stay as it is."""
        return self.turning is not None and self.turning.moves

    @property
    def makes_pixels(self) -> bool:
        """Whether the light is made anew."""
        return self.inversion is not None or bool(self.straightening and self.straightening.turned)

    @property
    def orientation(self) -> int:
        """What it does to the upright scan, as an EXIF orientation 1..8."""
        if self.turning is None:
            return 1
        return composed(_QUARTERS[self.turning.turn], _MIRRORED if self.turning.mirror else 1)

    def straightening_by(self, angle: float) -> "Preparation":
        """Return the same for a scan that is known to lie askew by so many degrees; 0 for one that does not."""
        return replace(self, straightening=Straightening(angle=angle, turned=True)) if angle else self

    def of_jpeg(self, jpeg: JpegFile) -> JpegFile | None:
        """Return the same picture with the turn in its metadata; None where they have no room for it."""
        if not self.moves:
            return jpeg
        _, own = read_metadata(jpeg.metadata)
        segments = with_orientation(jpeg.metadata, composed(own, self.orientation))
        return None if segments is None else jpeg.with_metadata(segments)

    def losses(self, jpeg: JpegFile) -> tuple[str, ...]:
        """Return sentences on what of a JPEG's metadata gives way to the turn."""
        return (DAMAGED_EXIF,) * (self.moves and has_damaged_exif(jpeg.metadata))

    def of_photo(self, photo: Photo) -> Photo:
        """Return an upright photograph straightened, turned and inverted."""
        if self.straightening and self.straightening.turned and self.straightening.angle is not None:
            photo = straightened(photo, self.straightening.angle)
        turned = replace(photo, orientation=self.orientation).turned_upright()
        return turned if self.inversion is None else inverted(turned)

    def options(self, options: ColorizeOptions) -> ColorizeOptions:
        """Return the options for this scan: a negative that was recognized also gets `levels`."""
        told = self.inversion is not None and self.inversion.chosen_by == "mask"
        return options.model_copy(update={"levels": Levels.AUTO}) if told else options

    def with_told(self, told: Restoration | None) -> Restoration | None:
        """Return what the steps before colour did, including this one."""
        done: dict[str, object] = {
            name: step
            for name in ("straightening", "turning", "inversion")
            if (step := getattr(self, name)) is not None
        }
        if not done:
            return told
        done |= {"luma": Luma.ANEW} if self.makes_pixels else {}
        return (told or Restoration()).model_copy(update=done)


NOTHING = Preparation()


def prepared(options: ColorizeOptions, networks: Networks[Any], look: Callable[[], Photo]) -> Preparation:
    """Return what the options wish.

    Args:
        options: of the result.
        networks: one of them tells which way is up.
        look: gives the upright scan, small or not; called where somebody has to see it.
    """
    hand = by_hand(options)
    if options.turn != "auto" and options.negative != "auto" and options.deskew is Deskew.OFF:
        return hand
    seen = look()
    if options.deskew is Deskew.AUTO:
        hand = _with_skew(hand, find_skew(seen.pixels))
    if options.negative == "auto" and is_surely_masked(seen.pixels):
        hand = replace(hand, inversion=Inversion(chosen_by="mask"), notes=(*hand.notes, TOLD))
    if options.turn != "auto":
        return hand
    seen = seen if hand.inversion is None else inverted(seen)
    height, width = seen.pixels.shape[:2]
    if (found := networks.turned(lightness_of_pixels(seen.pixels), (height, width))) is None:
        return replace(hand, notes=(*hand.notes, NO_TURNER))
    turning = Turning(mirror=options.mirror, chosen_by="network", turn=found.turn, sureness=found.sureness)
    return replace(hand, turning=turning)


def by_hand(options: ColorizeOptions) -> Preparation:
    """Return what the options ask for, whatever the scan looks like."""
    turn = 0 if options.turn == "auto" else options.turn
    turning = Turning(turn=turn, mirror=options.mirror)
    said = options.negative is True
    inversion, notes = (Inversion(chosen_by="caller"), (INVERTED,)) if said else (None, ())
    return Preparation(turning=turning if turning.moves else None, inversion=inversion, notes=notes)


def _with_skew(hand: Preparation, angle: float | None) -> Preparation:
    turned = angle is not None and abs(angle) > STRAIGHT
    notes = (*hand.notes, STRAIGHTENED.format(abs(angle))) if turned and angle is not None else hand.notes
    return replace(hand, straightening=Straightening(angle=angle, turned=turned), notes=notes)


def straightened(photo: Photo, angle: float) -> Photo:
    """Return a scan that lay turned clockwise by so many degrees, turned back; nothing of it is cut off.

    The corners that come in repeat the scan's outermost pixels.
    """
    height, width = photo.pixels.shape[:2]
    cos, sin = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    size = {"width": width * cos + height * sin, "height": height * cos + width * sin}
    frame = Frame(x=width / 2, y=height / 2, angle=angle, **size)
    alpha = None if photo.alpha is None else cut_out(photo.alpha, frame)
    return replace(
        photo, pixels=cut_out(photo.pixels, frame), alpha=alpha, metadata=replace(photo.metadata, geo=None)
    )


def inverted(photo: Photo) -> Photo:
    """Return a negative as the positive."""
    return replace(photo, pixels=photo.full_scale - photo.pixels)


def look_at_jpeg(data: bytes, jpeg: JpegFile) -> Photo:
    """Return a JPEG of grey or YCbCr, upright and small; raise `UnreadablePhoto` where it is damaged."""
    return Photo(decode_upright(data, jpeg, _ENOUGH)[0], PhotoFormat.JPEG)
