"""Take added colour away again: of a JPEG the luma comes back as it is coded, of other files the lightness."""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import UnreadablePhoto
from photochrom.photo.film import Film, Weights
from photochrom.photo.sniff import PhotoFormat

from .color.pixels import colorize_pixels, on_film
from .formats.jpeg_file import APP14, JpegFile
from .formats.jpeg_luma import without_chroma
from .formats.jpeg_metadata import is_credentials, read_icc, read_xmp, with_profile, with_xmp
from .formats.luma_alone import luma_alone
from .metadata import icc
from .metadata.provenance import Step
from .metadata.xmp import own_properties, without_provenance
from .photo import Metadata, Photo

_UNPROVEN = "The file does not say which luma its scan had; the luma that it holds was kept as it is."
_CHANGED = (
    "The luma is not the one that this file was made with, or was coded anew since; it was kept as it is."
)
_NO_CURVE = "The ICC profile has no tone curve that a grey picture could keep; it was left out."
_GREY_FORMATS = (PhotoFormat.PNG, PhotoFormat.TIFF)


class _NoColor:
    """The colour of a grey photograph, row by row."""

    def rows(self, start: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG002
        return np.zeros((2, *lightness.shape), np.float32)


def uncolored_jpeg(data: bytes, jpeg: JpegFile) -> tuple[JpegFile, tuple[str, ...]]:
    """Return the luma of a JPEG as a grey JPEG with its metadata, and a sentence where it is not proven the scan's.

    Raises:
        UnreadablePhoto: the picture is damaged.
    """
    packet = read_xmp(jpeg.metadata)
    stated = own_properties(packet).get("LumaSHA256") if packet else None
    alone = luma_alone(jpeg)
    found = hashlib.sha256(bytes(alone)).hexdigest() if alone else None
    warnings: tuple[str, ...] = () if stated and stated == found else (_CHANGED if stated else _UNPROVEN,)
    if alone is None and len(jpeg.frame.components) == 1:
        raise UnreadablePhoto("The JPEG is damaged: its scans are not of its picture.")
    grey = alone or without_chroma(jpeg)[0]
    segments, profile = jpeg.metadata, read_icc(jpeg.metadata)
    if profile and icc.color_space(profile) == "RGB":
        curve = icc.greyed(profile)
        warnings += (_NO_CURVE,) * (curve is None)
        segments = with_profile(segments, curve)
    if packet:
        proof = "equal" if not warnings or warnings[0] == _NO_CURVE else "not proven"
        segments = with_xmp(segments, without_provenance(packet, _step(data, luma=proof)))
    return grey.with_metadata(
        tuple(s for s in segments if s.marker != APP14 and not is_credentials(s))
    ), warnings


def relit_by(xmp: bytes | None) -> Weights | None:
    """Return the weights of the film whose light a result was freed of, as its note says; None where it was not."""
    told = own_properties(xmp) if xmp else {}
    if told.get("Film", Film.PANCHROMATIC) == Film.PANCHROMATIC:
        return None
    try:
        red, green, blue = map(float, told.get("FilmWeights", "").split())
    except ValueError:
        return None
    # Whoever wrote it: weights of a film take no grey for another.
    return (red, green, blue) if min(red, green, blue) >= 0 and abs(red + green + blue - 1) < 1e-3 else None


def uncolored(data: bytes, photo: Photo, target: PhotoFormat) -> Photo:
    """Return the photo with the lightness of each pixel and no colour; (H, W) where the format has room for grey."""
    film = relit_by(photo.metadata.xmp)
    if film is not None and photo.pixels.ndim == 3:
        pixels = on_film(photo.pixels, film)
    else:
        pixels = colorize_pixels(photo.pixels, _NoColor(), in_place=True)
    metadata = photo.metadata
    if metadata.xmp:
        metadata = replace(metadata, xmp=without_provenance(metadata.xmp, _step(data)))
    if target in _GREY_FORMATS:
        pixels, metadata = np.ascontiguousarray(pixels[..., 0]), _with_grey_curve(metadata)
    return replace(photo, pixels=pixels, metadata=metadata)


def _with_grey_curve(metadata: Metadata) -> Metadata:
    return replace(metadata, icc=icc.greyed(metadata.icc) if metadata.icc else None)


def _step(data: bytes, **told: str) -> Step:
    return Step("uncolored", {"from_sha256": hashlib.sha256(data).hexdigest(), **told})
