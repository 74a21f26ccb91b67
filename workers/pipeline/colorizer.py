"""One photo, from the bytes of the original to the bytes of the result.

Which way it goes: `jpeg_to_jpeg` keeps the luma as it is coded, `through_pixels` takes all else, `uncolor` takes
colour away again.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from photochrom.photo.film import Light
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.series import Series
from photochrom.photo.sniff import PhotoFormat

from ..network.networks import Networks, networks_of
from ..network.predictor import Predictor
from .encode import output_format
from .formats.jpeg import luma as jpeg_luma
from .formats.jpeg.coefficients import can_rewrite
from .formats.jpeg.file import JpegFile, read_frame
from .formats.stills import check_encoder
from .jpeg_to_jpeg import colorize_jpeg
from .limits import PhotoLimits
from .notes import NO_LUMA
from .prediction.preparation import Preparation, look_at_jpeg, prepared
from .repair.classical import ClassicalFinder
from .repair.finder import Finder
from .repair.wishes import read_wishes
from .result import ColorizedPhoto, Stages
from .stages import STAGES
from .structure import format_of
from .through_pixels import colorize_decoded
from .uncolor import uncolor

__all__ = ["STAGES", "ColorizedPhoto", "PhotoLimits", "colorize"]

_DEFAULT_LIMITS = PhotoLimits()
_FINDER = ClassicalFinder()


def _ignore(stage: str) -> None:
    """Hear of a stage and do nothing."""


def colorize(
    source: bytes | Path,
    predictor: Predictor | Networks[Any],
    options: ColorizeOptions,
    *,
    limits: PhotoLimits = _DEFAULT_LIMITS,
    on_stage: Callable[[str], None] = _ignore,
    preview_side: int = 0,
    finder: Finder = _FINDER,
    repair_mask: bytes | None = None,
    series: Series | None = None,
) -> ColorizedPhoto:
    """Colorize one photo; the same bytes, options and model give the same result, byte by byte.

    Args:
        source: the original file, or its bytes.
        predictor: the network, or two of which one is chosen.
        options: what the caller asked for.
        limits: checked on the header, before pixels are decoded.
        on_stage: called with each name of `STAGES` as it begins; may raise to stop.
        preview_side: longest side of the previews in pixels; 0 makes none.
        finder: says what is damaged.
        repair_mask: an image that says where to repair and what to keep (`repair.wishes`).
        series: the photographs that it belongs to, with how its colours are moved towards theirs.

    Raises:
        PhotoRejected: `UnsupportedFormat`, `UnreadablePhoto`, `PhotoTooLarge` or `MaskRejected`, with a sentence for
            the user.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    photo_format = format_of(data, limits)
    check_encoder(output_format(photo_format, options))
    stages, networks = Stages(on_stage, preview_side), networks_of(predictor)
    if photo_format is PhotoFormat.JPEG:
        frame = read_frame(data)
        limits.check_size(frame.height, frame.width)
        jpeg_luma.check_coding(frame)
    if options.uncolor:
        return uncolor(data, photo_format, options, stages, limits)
    wishes = read_wishes(repair_mask, limits) if repair_mask is not None else None
    shared = networks, options, stages, limits, finder, wishes
    through_pixels = partial(colorize_decoded, data, photo_format, *shared, series=series)
    to_jpeg = photo_format is output_format(photo_format, options) is PhotoFormat.JPEG
    if not to_jpeg or options.negative is True:
        return through_pixels()
    jpeg, rewrites = JpegFile.read(data), options.restores or options.light is not Light.AS_SCANNED
    preparation: Preparation | None = None
    if jpeg_luma.has_exact_luma(jpeg) and (can_rewrite() or not rewrites):
        preparation = prepared(options, networks, partial(look_at_jpeg, data, jpeg))
        if preparation.makes_pixels:
            return through_pixels(preparation=preparation)
        if turned := preparation.of_jpeg(jpeg):
            preparation = replace(preparation, notes=preparation.notes + preparation.losses(jpeg))
            return colorize_jpeg(data, turned, *shared, preparation, series)
    done = through_pixels(preparation=preparation)
    return replace(done, warnings=(*done.warnings, NO_LUMA))
