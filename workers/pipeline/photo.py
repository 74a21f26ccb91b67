"""A decoded photograph, and what travels with it from the source to the result."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.sniff import PhotoFormat

from .orientation import upright, with_upright_tag

Samples = NDArray[Any]  # uint8 or uint16


@dataclass(frozen=True)
class Metadata:
    """What a photo carries besides its pixels; each part as bytes, as it is carried over."""

    icc: bytes | None = None
    exif: bytes | None = None
    """A TIFF structure, without the "Exif" prefix of JPEG."""
    xmp: bytes | None = None
    iptc: bytes | None = None
    """IPTC-IIM records (TIFF tag 33723), without Photoshop's frame around them."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch across and down."""
    texts: tuple[tuple[bytes, bytes], ...] = ()
    """PNG's text chunks (type, payload): they go to PNG only."""


@dataclass(frozen=True)
class Photo:
    """Pixels of a still picture.

    Attributes:
        pixels: (H, W) grey or (H, W, 3) RGB; uint8 or uint16 over its full range.
        alpha: (H, W) of the same type, or None.
        orientation: EXIF 1..8, how `pixels` must be turned to be seen upright.
        warnings: sentences for the user about what reading the file lost or assumed.
        compression: TIFF's compression tag, so that a result is packed as its source was.
    """

    pixels: Samples
    format: PhotoFormat
    metadata: Metadata = Metadata()
    alpha: Samples | None = None
    orientation: int = 1
    warnings: tuple[str, ...] = ()
    compression: int | None = None

    @property
    def full_scale(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    @property
    def colored(self) -> bool:
        """Whether any pixel is not grey."""
        if self.pixels.ndim == 2:
            return False
        red, green, blue = (self.pixels[..., i] for i in range(3))
        return bool((red != green).any() or (green != blue).any())

    def turned_upright(self) -> "Photo":
        """Apply the orientation to the pixels, once."""
        if self.orientation == 1:
            return self
        alpha = None if self.alpha is None else np.ascontiguousarray(upright(self.alpha, self.orientation))
        pixels = np.ascontiguousarray(upright(self.pixels, self.orientation))
        exif = with_upright_tag(self.metadata.exif) if self.metadata.exif else None
        metadata = replace(self.metadata, exif=exif)
        return replace(self, pixels=pixels, alpha=alpha, orientation=1, metadata=metadata)
