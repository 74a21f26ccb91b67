"""One photo, from the bytes of the original to the bytes of the result."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from photochrom import tracing
from photochrom.photo.film import FilmUsed, Light
from photochrom.photo.options import Color, ColorizeOptions, OutputFormat, Pages
from photochrom.photo.restoration import Luma, Restoration
from photochrom.photo.sniff import PhotoFormat

from ..network.predictor import Predictor
from .color.pixels import colorize_pixels
from .color.space import SRGB
from .color.tone import Toned, tone_of
from .color.upsample import DetailInjection, RowSource
from .decode import decode, decode_pages
from .film_choice import film_used
from .formats import jpeg_luma
from .formats.coefficients import can_rewrite
from .formats.jp2 import write_jp2
from .formats.jpeg_file import PROGRESSIVE, JpegFile, read_frame
from .formats.jpeg_light import FilmLight, relit
from .formats.jpeg_metadata import (
    carried_metadata,
    fits_segment,
    jpeg_with_provenance,
    read_metadata,
    read_xmp,
)
from .formats.jpeg_pixels import decode_jpeg, write_jpeg
from .formats.luma_alone import luma_sha256
from .formats.png import write_png
from .formats.stills import check_encoder, write_still
from .formats.tiff_writer import DEFLATE, TiffPage, write_pages, write_tiff
from .left_out import losses, lost_depth, too_large
from .limits import PhotoLimits
from .metadata.provenance import Provenance, provenance_of, with_film, with_steps_before
from .metadata.provenance import restored as steps_of
from .metadata.xmp import with_provenance
from .photo import Metadata, Photo
from .prediction import SmallColor, lightness_of_pixels, lightness_of_plane, predict_small
from .previews import confidence_png, mask_png, preview_of_jpeg, preview_of_pixels
from .repair.classical import ClassicalFinder
from .repair.finder import Finder
from .stages import STAGES
from .steps import Restored, restore_luma, restore_pixels, together
from .structure import format_of
from .uncolor import relit_by, uncolored, uncolored_jpeg

__all__ = ["STAGES", "ColorizedPhoto", "PhotoLimits", "colorize"]

_COLORED = "The photo has colour of its own; its lightness was kept and its colour made anew."
_ODD_PROFILE = "The ICC profile describes no simple RGB or grey space; colours were made as if it were sRGB."
_NO_LUMA = "The luma of this JPEG cannot be carried over as it is; it was decoded and encoded anew."
_NOT_AS_ORIGINAL = "The result of a HEIC is a JPEG; ask for format=heic where a HEIC is wanted."
_NO_ROOM = "The photo's XMP data leave no room for a note of the model that made the colours."
_RELIT = "The light was made anew from what the film saw; the JPEG's luma was encoded anew with its own quantisation."
_LEFT = "{} damaged places are too wide or too large to be known from their surroundings; they were left as they are."
_LIGHT_UNDONE = (
    "The light was that of the scene; the scan's was computed from it, and the JPEG was encoded anew."
)
_INCOMPLETE = "The file ends early; what is missing at its end stays as the decoder left it."


_DEFAULT_LIMITS = PhotoLimits()
_FINDER = ClassicalFinder()
_SURE = np.ones((1, 1), np.float32)


def _ignore(stage: str) -> None:
    """Hear of a stage and do nothing."""


@dataclass(frozen=True)
class ColorizedPhoto:
    """A result, ready to be stored."""

    data: bytes
    media_type: str
    extension: str
    width: int
    height: int
    warnings: tuple[str, ...]
    timings: dict[str, float]
    """Seconds by stage."""
    film: FilmUsed | None
    """The film whose light the result was freed of, where that was asked for."""
    confidence: bytes | None
    """Upright 8-bit grey PNG at the network's output size; white where it was sure. None without colour."""
    preview: bytes | None
    """Upright JPEG that any browser shows, if it was asked for."""
    original_preview: bytes | None
    """The same of the original, where the original's own format is not for browsers."""
    repairs: bytes | None
    """Upright grey PNG of full size: white where repaired, grey where damage was left. None if not asked for."""
    restoration: Restoration | None = None
    """What the steps before colour did, if any was asked for."""


@dataclass(frozen=True)
class _SmallPictures:
    """What goes beside the result, in the order of `ColorizedPhoto`."""

    confidence: bytes | None
    preview: bytes | None
    original_preview: bytes | None = None
    repairs: bytes | None = None


class _Stages:
    """Times the stages and announces each."""

    def __init__(self, on_stage: Callable[[str], None], preview_side: int) -> None:
        self.timings: dict[str, float] = {}
        self.preview_side = preview_side
        self._on_stage, self._at = on_stage, ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._at = name
        self._on_stage(name)
        start = time.perf_counter()
        with tracing.span(name):
            yield
        self.timings[name] = time.perf_counter() - start

    def go_on(self) -> None:
        """Announce the stage at work once more: it is long, and whoever hears may stop it."""
        self._on_stage(self._at)


def colorize(
    source: bytes | Path,
    predictor: Predictor,
    options: ColorizeOptions,
    *,
    limits: PhotoLimits = _DEFAULT_LIMITS,
    on_stage: Callable[[str], None] = _ignore,
    preview_side: int = 0,
    finder: Finder = _FINDER,
) -> ColorizedPhoto:
    """Colorize one photo; the same bytes, options and model give the same result, byte by byte.

    Args:
        source: the original file, or its bytes.
        predictor: the network.
        options: what the caller asked for.
        limits: checked on the header, before pixels are decoded.
        on_stage: called with each name of `STAGES` as it begins; may raise to stop.
        preview_side: longest side of the previews in pixels; 0 makes none.
        finder: says what is damaged.

    Raises:
        PhotoRejected: `UnsupportedFormat`, `UnreadablePhoto` or `PhotoTooLarge`, with a sentence for the user.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    photo_format = format_of(data, limits)
    check_encoder(_output_format(photo_format, options))
    stages = _Stages(on_stage, preview_side)
    if photo_format is PhotoFormat.JPEG:
        frame = read_frame(data)
        limits.check_size(frame.height, frame.width)
        jpeg_luma.check_coding(frame)
    if options.uncolor:
        return _uncolor(data, photo_format, options, stages, limits)
    if photo_format is _output_format(photo_format, options) is PhotoFormat.JPEG:
        jpeg, rewrites = JpegFile.read(data), options.restores or options.light is not Light.AS_SCANNED
        if jpeg_luma.has_exact_luma(jpeg) and (can_rewrite() or not rewrites):
            return _colorize_jpeg(data, jpeg, predictor, options, stages, limits, finder)
        return _with_warning(
            _NO_LUMA, _colorize_pixels(data, photo_format, predictor, options, stages, limits, finder)
        )
    return _colorize_pixels(data, photo_format, predictor, options, stages, limits, finder)


def _colorize_jpeg(
    data: bytes,
    jpeg: JpegFile,
    predictor: Predictor,
    options: ColorizeOptions,
    stages: _Stages,
    limits: PhotoLimits,
    finder: Finder,
) -> ColorizedPhoto:
    """JPEG to JPEG with the source's very luma, unless its light is changed; the picture stays turned as it is."""
    original, complete, in_color = data, jpeg.complete, options.color is Color.ON
    with stages.stage("decode"):
        source = jpeg_luma.read_luma(data, jpeg)
        carried = carried_metadata(jpeg, limits, colored=in_color)
        jpeg = jpeg.with_metadata(carried.segments)
        source = replace(source, jpeg=source.jpeg.with_metadata(carried.segments))
        space = carried.space or SRGB
        exif_and_xmp, _ = read_metadata(jpeg.metadata)
        film = film_used(options, exif_and_xmp.exif, exif_and_xmp.xmp)
        weights = film.relights if film else None
    size, restored = (jpeg.frame.height, jpeg.frame.width), Restored()
    if options.restores:
        with stages.stage("repair"):
            changed, restored = restore_luma(data, jpeg, carried.orientation, options, finder)
            if changed is not jpeg:
                data, jpeg = bytes(changed), changed
                source = replace(jpeg_luma.read_luma(data, jpeg), warnings=source.warnings)
    told = with_steps_before(
        provenance_of(original, predictor.card if in_color else None, options), *steps_of(restored.told)
    )
    seen: tuple[str, ...] = ()
    confidence: bytes | None = None
    if in_color:
        with stages.stage("predict"):
            lightness = jpeg_luma.lightness_of_luma(source.luma, space)
            source_at = lightness_of_plane(lightness, carried.orientation)
            small = predict_small(source_at, size, carried.orientation, predictor, options, stages.go_on)
            seen = small.notes
        with stages.stage("upsample"):
            colour: RowSource = DetailInjection(small.ab, small.lightness, source.luma.shape)
            if options.sepia:
                colour = Toned(colour, tone_of(jpeg_luma.decode_small(data, source)), options.sepia)
            blue, red = jpeg_luma.make_chroma(source.luma, colour, space, weights)
    with stages.stage("encode"):
        picture = source.jpeg if in_color else jpeg
        exact = in_color and weights is None and (restored.told is None or restored.told.luma is Luma.KEPT)
        told = replace(told, luma_sha256=luma_sha256(picture) if exact else None, seen=seen)
        noted = jpeg_with_provenance(picture, with_film(told, film))
        if in_color:
            # A progressive frame takes progressive scans only; what is written anew is none.
            progressive = source.jpeg.frame.marker == PROGRESSIVE and weights is None
            planes = (
                jpeg_luma.encode_chroma(blue, options.quality, progressive=progressive),
                jpeg_luma.encode_chroma(red, options.quality, progressive=progressive),
            )
            final = replace(source, jpeg=noted)
            if weights is not None:
                scan = decode_jpeg(data, jpeg, "GRAY", 1).pixels[..., 0]
                final = relit(final, scan, planes, FilmLight(weights, space))
            result = jpeg_luma.join(final, planes)
            confidence = confidence_png(small.confidence, carried.orientation)
        else:
            result = bytes(noted)
        side = stages.preview_side
        small_pictures = _SmallPictures(
            confidence,
            preview_of_jpeg(result, carried.orientation, side) if side else None,
            repairs=mask_png(restored.mask, carried.orientation),
        )
    notes = (
        (_COLORED, source.colored and in_color),
        (_INCOMPLETE, not complete),
        (_ODD_PROFILE, carried.space is None and in_color),
        (_NO_ROOM, noted is picture),
        (_RELIT, weights is not None),
        (too_large("icc", limits.max_icc_bytes), carried.profile_too_large),
    )
    warnings = carried.warnings + source.warnings + seen
    warnings += tuple(note for note, applies in notes if applies)
    return _result(result, PhotoFormat.JPEG, size, warnings, stages, small_pictures, film, restored.told)


def _colorize_pixels(
    data: bytes,
    photo_format: PhotoFormat,
    predictor: Predictor,
    options: ColorizeOptions,
    stages: _Stages,
    limits: PhotoLimits,
    finder: Finder,
) -> ColorizedPhoto:
    """Any format to any other, turned upright; L* kept within rounding, to which a lossy encoder adds its own loss."""
    target, side = _output_format(photo_format, options), stages.preview_side
    every_page = options.pages is Pages.ALL and photo_format is target is PhotoFormat.TIFF
    with stages.stage("decode"):
        photos = decode_pages(data, limits) if every_page else [decode(data, photo_format, limits)]
        in_color = options.color is Color.ON
        warnings = [note for photo in photos for note in photo.warnings]
        warnings += [_COLORED] * (in_color and any(photo.colored for photo in photos))
        original_preview = preview_of_pixels(photos[0].pixels, side) if side else None
    height, width = photos[0].pixels.shape[:2]
    film = film_used(options, photos[0].metadata.exif, photos[0].metadata.xmp)
    pages = [Restored()] * len(photos)
    if options.restores:
        with stages.stage("repair"):
            for i, photo in enumerate(photos):
                photos[i], pages[i] = restore_pixels(photo, options, finder)
    smalls: list[SmallColor] = []
    if in_color:
        with stages.stage("predict"):
            smalls = [_predicted(photo, predictor, options, stages.go_on) for photo in photos]
            warnings += [note for small in smalls for note in small.notes]
        with stages.stage("upsample"):
            # The source's pixels are let go one by one: while the result is packed, memory is at its highest.
            for i, small in enumerate(smalls):
                photos[i] = _with_color(photos[i], small, options, film)
    restored = together(pages)
    with stages.stage("encode"):
        provenance = with_film(provenance_of(data, predictor.card if in_color else None, options), film)
        for i, photo in enumerate(photos):
            noted = with_steps_before(provenance, *steps_of(pages[i].told))
            noted = replace(noted, seen=smalls[i].notes if smalls else ())
            metadata, lost = _noted(photo.metadata, target, noted)
            pixels = photo.pixels if photo.pixels.ndim == 3 else cv2.merge([photo.pixels] * 3)
            photos[i] = replace(photo, pixels=pixels, metadata=metadata)
            warnings += lost + lost_depth(photo, target)
        result = _encode(photos[0], target, options.quality) if len(photos) == 1 else _encode_pages(photos)
        small_pictures = _SmallPictures(
            confidence_png(smalls[0].confidence, 1) if smalls else None,
            preview_of_pixels(photos[0].pixels, side) if side else None,
            original_preview,
            mask_png(restored.mask, 1),
        )
    as_original = options.format is OutputFormat.SAME
    warnings += [_NOT_AS_ORIGINAL] * (as_original and photo_format is PhotoFormat.HEIC)
    notes = tuple(dict.fromkeys(warnings))
    return _result(result, target, (height, width), notes, stages, small_pictures, film, restored.told)


def _uncolor(
    data: bytes, photo_format: PhotoFormat, options: ColorizeOptions, stages: _Stages, limits: PhotoLimits
) -> ColorizedPhoto:
    """Take colour away: from JPEG to JPEG the very luma stays, else the lightness."""
    target, side = _output_format(photo_format, options), stages.preview_side
    source = JpegFile.read(data) if photo_format is target is PhotoFormat.JPEG else None
    relit_jpeg = source is not None and relit_by(read_xmp(source.metadata)) is not None
    if source is not None and jpeg_luma.has_exact_luma(source) and not relit_jpeg:
        with stages.stage("decode"):
            jpeg, notes = uncolored_jpeg(data, source)
            carried = carried_metadata(jpeg, limits)
        with stages.stage("encode"):
            result, size = bytes(jpeg), (jpeg.frame.height, jpeg.frame.width)
            preview = preview_of_jpeg(result, carried.orientation, side) if side else None
        small = _SmallPictures(confidence_png(_SURE, 1), preview)
        return _result(result, target, size, notes, stages, small)
    every_page = options.pages is Pages.ALL and photo_format is target is PhotoFormat.TIFF
    with stages.stage("decode"):
        photos = decode_pages(data, limits) if every_page else [decode(data, photo_format, limits)]
    with stages.stage("encode"):
        photos = [uncolored(data, photo, target) for photo in photos]
        warnings = [note for photo in photos for note in (*photo.warnings, *lost_depth(photo, target))]
        warnings += [note for photo in photos for note in losses(photo.metadata, target)]
        warnings += [_LIGHT_UNDONE] * relit_jpeg
        result = _encode(photos[0], target, options.quality) if len(photos) == 1 else _encode_pages(photos)
        preview = preview_of_pixels(photos[0].pixels, side) if side else None
    small = _SmallPictures(confidence_png(_SURE, 1), preview)
    height, width = photos[0].pixels.shape[:2]
    return _result(result, target, (height, width), tuple(dict.fromkeys(warnings)), stages, small)


def _predicted(
    photo: Photo, predictor: Predictor, options: ColorizeOptions, on_view: Callable[[], None]
) -> SmallColor:
    size = photo.pixels.shape[0], photo.pixels.shape[1]
    return predict_small(lightness_of_pixels(photo.pixels), size, 1, predictor, options, on_view)


def _with_color(photo: Photo, small: SmallColor, options: ColorizeOptions, film: FilmUsed | None) -> Photo:
    colour: RowSource = DetailInjection(small.ab, small.lightness, photo.pixels.shape[:2])
    if options.sepia:
        colour = Toned(colour, tone_of(photo.pixels), options.sepia)
    weights = film.relights if film else None
    return replace(photo, pixels=colorize_pixels(photo.pixels, colour, weights, in_place=True))


def _encode_pages(photos: list[Photo]) -> bytes:
    return write_pages([TiffPage(p.pixels, p.alpha, p.metadata, p.compression or DEFLATE) for p in photos])


def _noted(
    metadata: Metadata, target: PhotoFormat, provenance: Provenance
) -> tuple[Metadata, tuple[str, ...]]:
    """The metadata with a note of the model, unless only without it they fit; and what the format cannot hold."""
    noted = replace(metadata, xmp=with_provenance(metadata.xmp, provenance))
    if target is PhotoFormat.JPEG and not fits_segment(noted, "XMP"):
        return metadata, (_NO_ROOM, *losses(metadata, target))
    return noted, losses(noted, target)


def _encode(photo: Photo, target: PhotoFormat, quality: int) -> bytes:
    if target is PhotoFormat.PNG:
        return write_png(photo.pixels, photo.alpha, photo.metadata)
    if target is PhotoFormat.TIFF:
        return write_tiff(photo.pixels, photo.alpha, photo.metadata, photo.compression or DEFLATE)
    if target is PhotoFormat.JPEG:
        return write_jpeg(photo.pixels, photo.metadata, quality)
    if target is PhotoFormat.JP2:
        return write_jp2(photo.pixels, photo.alpha, photo.metadata, quality, lossless=photo.lossless)
    return write_still(photo, target, quality)


def _output_format(source: PhotoFormat, options: ColorizeOptions) -> PhotoFormat:
    return source.result if options.format is OutputFormat.SAME else PhotoFormat(options.format.value)


def _with_warning(warning: str, photo: ColorizedPhoto) -> ColorizedPhoto:
    return replace(photo, warnings=(*photo.warnings, warning))


def _result(
    data: bytes,
    target: PhotoFormat,
    size: tuple[int, int],
    warnings: tuple[str, ...],
    stages: _Stages,
    small: _SmallPictures,
    film: FilmUsed | None = None,
    told: Restoration | None = None,
) -> ColorizedPhoto:
    height, width = size
    kind = (target.media_type, target.extension)
    left = told.repairs.left if told and told.repairs else 0
    warnings += (_LEFT.format(left),) * bool(left)
    pictures = (small.confidence, small.preview, small.original_preview, small.repairs)
    return ColorizedPhoto(data, *kind, width, height, warnings, stages.timings, film, *pictures, told)
