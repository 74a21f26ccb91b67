"""A decoded photograph, and what travels with it from the source to the result."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.sniff import PhotoFormat

from .metadata.directory import Entry, Order
from .metadata.exif import turned_exif
from .metadata.orientation import upright
from .metadata.xmp import turned_xmp

Samples = NDArray[Any]  # uint8 or uint16
_STRIP = 256


_TURNED_GEO = "The photo was turned upright; its GeoTIFF tags, which count pixels as they lay, were left out."


@dataclass(frozen=True)
class OwnTags:
    """Tags that only a TIFF holds, in the byte order of the TIFF they came from."""

    order: Order
    entries: dict[int, Entry]

    def __len__(self) -> int:
        """The bytes of their values."""
        return sum(len(entry.value) for entry in self.entries.values())


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
    comments: tuple[bytes, ...] = ()
    """JPEG's comments: they go to JPEG only."""
    resources: bytes | None = None
    """Photoshop's image resources but IPTC and thumbnails: they go to JPEG and TIFF."""
    geo: OwnTags | None = None
    """GeoTIFF: where on Earth the picture lies; to TIFF only."""
    boxes: tuple[bytes, ...] = ()
    """The XML boxes of JPEG 2000: they go to JPEG 2000 only."""


@dataclass(frozen=True)
class Photo:
    """Pixels of a still picture.

    Attributes:
        pixels: (H, W) grey or (H, W, 3) RGB; uint8 or uint16 over its full range.
        alpha: (H, W) of the same type, or None.
        orientation: EXIF 1..8, how `pixels` must be turned to be seen upright.
        warnings: sentences for the user about what reading the file lost or assumed.
        compression: TIFF's compression tag, so that a result is packed as its source was.
        tile: height and width of TIFF's tiles, where the file has any: so has a result.
        lossless: whether the file holds these very pixels; where a format leaves the choice, the result does as
            its source did.
        converted: whether these are sRGB made from the file's inks (CMYK) or CIELAB.
    """

    pixels: Samples
    format: PhotoFormat
    metadata: Metadata = Metadata()
    alpha: Samples | None = None
    orientation: int = 1
    warnings: tuple[str, ...] = ()
    compression: int | None = None
    tile: tuple[int, int] | None = None
    lossless: bool = True
    converted: bool = False

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
        metadata = replace(turned_metadata(self.metadata, self.orientation), geo=None)
        warnings = self.warnings + (_TURNED_GEO,) * (self.metadata.geo is not None)
        return replace(self, pixels=pixels, alpha=alpha, orientation=1, metadata=metadata, warnings=warnings)


def turned_metadata(metadata: Metadata, orientation: int) -> Metadata:
    """Return the metadata of a picture whose pixels were turned by `orientation`."""
    exif = turned_exif(metadata.exif, orientation) if metadata.exif else None
    xmp = turned_xmp(metadata.xmp) if metadata.xmp else None
    dpi = metadata.dpi
    if dpi and orientation >= 5:
        dpi = dpi[1], dpi[0]
    return replace(metadata, exif=exif, xmp=xmp, dpi=dpi)


def split_alpha(samples: Samples) -> tuple[Samples, Samples | None]:
    """Part (H, W), (H, W, 1..4) into grey or RGB, and alpha."""
    if samples.ndim == 2:
        return samples, None
    channels = samples.shape[2]
    alpha = np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None
    pixels = samples[..., :3] if channels >= 3 else samples[..., 0]
    return np.ascontiguousarray(pixels), alpha


def full_range(samples: NDArray[Any], bits: int) -> Samples:
    """Bring samples of 1 to 16 bits to the full range of 8 or 16."""
    if samples.dtype == bool:
        return np.asarray(samples.astype(np.uint8) * np.uint8(255))
    if bits in (8, 16):
        return np.asarray(samples)
    target = np.uint8 if bits < 8 else np.uint16
    top = 2**bits - 1
    table = np.rint(np.arange(top + 1) * (np.iinfo(target).max / top)).astype(target)
    return np.asarray(table[np.minimum(samples, top)])


def laid_out(samples: Samples) -> Samples:
    """Return samples that lie in memory as their shape says; beside a side of one pixel numpy leaves any step.

    Encoders written in C refuse other steps.
    """
    return samples.reshape(-1).reshape(samples.shape)


def to_8bit(samples: Samples) -> Samples:
    """Round 16-bit samples to 8 bits; 8-bit ones stay."""
    if samples.dtype == np.uint8:
        return samples
    # OpenCV drops an axis of one sample.
    return np.asarray(cv2.convertScaleAbs(np.ascontiguousarray(samples), alpha=1 / 257)).reshape(
        samples.shape
    )


def unmultiplied(pixels: Samples, alpha: Samples) -> Samples:
    """Divide grey or RGB by the alpha with which it was multiplied (associated alpha; TIFF 6.0, section 18)."""
    result, scale = np.empty_like(pixels), int(np.iinfo(pixels.dtype).max)
    for start in range(0, len(pixels), _STRIP):
        strip = slice(start, start + _STRIP)
        share = alpha[strip].astype(np.float64) / scale
        share = share if pixels.ndim == 2 else share[..., None]
        divided = np.divide(pixels[strip], share, out=np.zeros(pixels[strip].shape), where=share > 0)
        result[strip] = np.rint(np.minimum(divided, scale))
    return result
