"""What is done to a scan before all else: it is turned and mirrored, as the caller wishes.

A turn changes no pixel: it is an orientation more, after the file's own. A JPEG's luma stays as it is coded, and its
EXIF says how it is to be seen; other files are written upright (decision 26).
"""

from dataclasses import dataclass, replace

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.restoration import Restoration
from photochrom.photo.turning import Turning

from .formats.jpeg.file import JpegFile
from .formats.jpeg.metadata import read_metadata, with_orientation
from .metadata.orientation import composed
from .photo import Photo

_QUARTERS = {0: 1, 90: 6, 180: 3, 270: 8}
_MIRRORED = 2


@dataclass(frozen=True)
class Preparation:
    """How a scan is turned."""

    turning: Turning | None = None
    """None where it stays as it is."""

    @property
    def orientation(self) -> int:
        """What it does to the upright scan, as an EXIF orientation 1..8."""
        if self.turning is None:
            return 1
        return composed(_QUARTERS[self.turning.turn], _MIRRORED if self.turning.mirror else 1)

    def of_jpeg(self, jpeg: JpegFile) -> JpegFile | None:
        """Return the same picture with the turn in its metadata; None where they have no room for it."""
        if self.turning is None:
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


def prepared(options: ColorizeOptions) -> Preparation:
    """Return what the options wish."""
    turning = Turning(turn=options.turn, mirror=options.mirror)
    return Preparation(None if turning == Turning() else turning)
