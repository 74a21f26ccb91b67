"""Take added colour away again: of a JPEG the luma comes back as it is coded, of other files the lightness."""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import UnreadablePhoto
from photochrom.photo.film import Film, Weights
from photochrom.photo.options import ColorizeOptions, Pages
from photochrom.photo.sniff import PhotoFormat

from . import notes
from .color.pixels import colorize_pixels, on_film
from .decode import decode, decode_pages
from .encode import encode, output_format
from .formats.jpeg.file import APP14, JpegFile, Segment
from .formats.jpeg.luma import has_exact_luma, without_chroma
from .formats.jpeg.luma_alone import luma_alone
from .formats.jpeg.metadata import (
    carried_metadata,
    is_credentials,
    read_icc,
    read_xmp,
    with_profile,
    with_xmp,
)
from .left_out import losses, losses_of_pixels
from .limits import PhotoLimits
from .metadata import icc
from .metadata.provenance import Step, restored
from .metadata.xmp import own_properties, with_steps, without_provenance
from .photo import Metadata, Photo
from .prediction.preparation import Preparation, by_hand
from .previews import confidence_png, preview_of_jpeg, preview_of_pixels
from .result import ColorizedPhoto, Pictures, Stages, finished

_UNPROVEN = "The file does not say which luma its scan had; the luma that it holds was kept as it is."
_CHANGED = (
    "The luma is not the one that this file was made with, or was encoded again since; it was kept as it is."
)
_NO_CURVE = "The ICC profile has no tone curve that a grey picture could keep; it was left out."
_SURE = np.ones((1, 1), np.float32)
_GREY_FORMATS = (PhotoFormat.PNG, PhotoFormat.TIFF)


class _NoColor:
    """The colour of a grey photograph, row by row."""

    def rows(self, start: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG002
        return np.zeros((2, *lightness.shape), np.float32)


def uncolor(
    data: bytes, photo_format: PhotoFormat, options: ColorizeOptions, stages: Stages, limits: PhotoLimits
) -> ColorizedPhoto:
    """Take colour away: from JPEG to JPEG the very luma stays, else the lightness."""
    preparation = by_hand(options)
    target, side = output_format(photo_format, options), stages.preview_side
    original = JpegFile.read(data) if photo_format is target is PhotoFormat.JPEG else None
    source = preparation.of_jpeg(original) if original else None
    relit_jpeg = source is not None and relit_by(read_xmp(source.metadata)) is not None
    if original and source and has_exact_luma(source) and not relit_jpeg:
        with stages.stage("decode"):
            jpeg, said = uncolored_jpeg(data, source)
            said += preparation.losses(original)
            jpeg = jpeg.with_metadata(_with_turn_noted(jpeg.metadata, preparation))
            carried = carried_metadata(jpeg, limits)
        with stages.stage("encode"):
            result, size = bytes(jpeg), (jpeg.frame.height, jpeg.frame.width)
            preview = preview_of_jpeg(result, carried.orientation, side) if side else None
        small = Pictures(confidence_png(_SURE, 1), preview)
        told = preparation.with_told(None)
        return finished(
            result, target, size, said, stages, small, None, told, orientation=carried.orientation
        )
    every_page = options.pages is Pages.ALL and photo_format is target is PhotoFormat.TIFF
    with stages.stage("decode"):
        photos = decode_pages(data, limits) if every_page else [decode(data, photo_format, limits)]
    with stages.stage("encode"):
        photos = [uncolored(data, preparation.of_photo(photo), target) for photo in photos]
        photos = [_with_turn_told(photo, preparation) for photo in photos]
        warnings = [note for photo in photos for note in (*photo.warnings, *losses_of_pixels(photo, target))]
        warnings += [note for photo in photos for note in losses(photo.metadata, target)]
        warnings += [notes.LIGHT_UNDONE] * relit_jpeg
        result = encode(photos, target, options.quality)
        preview = preview_of_pixels(photos[0].pixels, side) if side else None
    small = Pictures(confidence_png(_SURE, 1), preview)
    height, width = photos[0].pixels.shape[:2]
    told = preparation.with_told(None)
    said = tuple(dict.fromkeys(warnings))
    return finished(result, target, (height, width), said, stages, small, None, told)


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
        raise UnreadablePhoto("The JPEG is damaged: its scans do not fit its picture.")
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


def _with_turn_noted(segments: tuple[Segment, ...], preparation: Preparation) -> tuple[Segment, ...]:
    steps = restored(preparation.with_told(None))
    return with_xmp(segments, with_steps(read_xmp(segments), *steps)) if steps else segments


def _with_turn_told(photo: Photo, preparation: Preparation) -> Photo:
    steps = restored(preparation.with_told(None))
    if not steps:
        return photo
    return replace(photo, metadata=replace(photo.metadata, xmp=with_steps(photo.metadata.xmp, *steps)))


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
