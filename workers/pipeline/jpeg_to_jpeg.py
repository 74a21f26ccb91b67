"""The exact way: from JPEG to JPEG, with the luma of the scan as it is coded."""

from dataclasses import replace
from typing import Any

from photochrom.photo.options import Color, ColorizeOptions, OwnColor
from photochrom.photo.restoration import Luma
from photochrom.photo.series import Series
from photochrom.photo.sniff import PhotoFormat

from ..network.networks import Networks, remembered
from ..network.predictor import Predictor
from ..series.asked import of_series
from . import notes
from .color.negative import is_masked
from .color.own import with_own
from .color.space import SRGB
from .color.tone import Toned, tone_of
from .color.upsample import DetailInjection, RowSource
from .formats.jpeg import luma as jpeg_luma
from .formats.jpeg.file import PROGRESSIVE, JpegFile
from .formats.jpeg.light import FilmLight, relit
from .formats.jpeg.luma_alone import luma_sha256
from .formats.jpeg.metadata import carried_metadata, jpeg_with_provenance, read_metadata
from .formats.jpeg.pixels import decode_jpeg, missing
from .left_out import too_large
from .limits import PhotoLimits
from .metadata.provenance import provenance_of, with_film, with_series, with_steps_before
from .metadata.provenance import restored as steps_of
from .prediction.film_choice import film_used
from .prediction.predict import lightness_of_plane, turned
from .prediction.preparation import NOTHING, Preparation
from .prediction.vividness import predict_vividly
from .previews import confidence_png, mask_png, preview_of_jpeg
from .repair.finder import Bytes, Finder
from .result import ColorizedPhoto, Pictures, Stages, finished
from .steps import Restored, restore_luma


def colorize_jpeg(
    data: bytes,
    jpeg: JpegFile,
    networks: Networks[Any],
    options: ColorizeOptions,
    stages: Stages,
    limits: PhotoLimits,
    finder: Finder,
    wishes: Bytes | None = None,
    preparation: Preparation = NOTHING,
    series: Series | None = None,
) -> ColorizedPhoto:
    """JPEG to JPEG with the source's very luma, unless its light is changed.

    `data` is the file as it came, `jpeg` the same with the turn of `preparation` in its metadata; pixels stay as they
    lie.
    """
    original, lacking, in_color = data, missing(jpeg), options.color is Color.ON
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
    side = stages.preview_side
    turned_preview = preview_of_jpeg(data, carried.orientation, side) if side and preparation.moves else None
    if options.restores:
        with stages.stage("repair"):
            changed, restored = restore_luma(data, jpeg, carried.orientation, options, finder, wishes)
            if changed is not jpeg:
                data, jpeg = bytes(changed), changed
                source = replace(jpeg_luma.read_luma(data, jpeg), warnings=source.warnings)
    restored = replace(restored, told=preparation.with_told(restored.told))
    predictor: Predictor = networks.usual
    seen: tuple[str, ...] = ()
    confidence: bytes | None = None
    sight: bytes | None = None
    if in_color:
        with stages.stage("predict"):
            lightness = jpeg_luma.lightness_of_luma(source.luma, space)
            source_at = remembered(lightness_of_plane(lightness, carried.orientation))
            predictor = networks.choose(options, source_at, turned(size, carried.orientation))
            photo, pale = (source_at, size, carried.orientation, predictor), networks.pale(predictor)
            related = of_series(options, networks, series)
            options, small = predict_vividly(*photo, options, pale, stages.go_on, related)
            seen, sight = small.notes, small.sight
            own = jpeg_luma.decode_small(data, source, small.ab.shape[1:])
            if options.own_color is OwnColor.KEEP:
                small = replace(small, ab=with_own(small.ab, own))
            if is_masked(own):
                seen += (notes.MASKED,)
        with stages.stage("upsample"):
            colour: RowSource = DetailInjection(small.ab, small.lightness, source.luma.shape)
            if options.sepia:
                colour = Toned(colour, tone_of(jpeg_luma.decode_small(data, source)), options.sepia)
            blue, red = jpeg_luma.make_chroma(source.luma, colour, space, weights)
    with stages.stage("encode"):
        picture = source.jpeg if in_color else jpeg
        exact = in_color and weights is None and (restored.told is None or restored.told.luma is Luma.KEPT)
        told = with_steps_before(
            provenance_of(original, predictor.card if in_color else None, options), *steps_of(restored.told)
        )
        told = replace(told, luma_sha256=luma_sha256(picture) if exact else None, seen=seen)
        noted = jpeg_with_provenance(picture, with_film(with_series(told, series, options), film))
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
        small_pictures = Pictures(
            confidence,
            preview_of_jpeg(result, carried.orientation, side) if side else None,
            turned_preview,
            repairs=mask_png(restored.mask, carried.orientation),
            sight=sight,
        )
    said = (
        (notes.of_color(options), source.colored and in_color),
        (notes.ODD_PROFILE, carried.space is None and in_color),
        (notes.NO_ROOM, noted is picture),
        (notes.RELIT, weights is not None),
        (too_large("icc", limits.max_icc_bytes), carried.profile_too_large),
    )
    warnings = preparation.notes + carried.warnings + source.warnings + seen
    warnings += tuple(note for note, applies in said if applies) + lacking
    shown = (small_pictures, film, restored.told)
    used = predictor.card, options.vivid() if in_color else None
    return finished(
        result, PhotoFormat.JPEG, size, warnings, stages, *shown, *used, orientation=carried.orientation
    )
