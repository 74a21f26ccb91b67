"""The general way: any format is decoded to pixels, coloured, and encoded in any format."""

from dataclasses import replace
from functools import partial
from typing import Any

import cv2

from photochrom.photo.film import FilmUsed
from photochrom.photo.options import Color, ColorizeOptions, OutputFormat, OwnColor, Pages
from photochrom.photo.series import Series
from photochrom.photo.sniff import PhotoFormat
from photochrom.seeing.see import LightnessAt
from photochrom.seeing.sizes import Size

from ..network.networks import Networks, remembered
from ..network.predictor import Predictor
from ..series.asked import of_series
from . import notes
from .color.negative import is_masked
from .color.own import with_own
from .color.pixels import colorize_pixels
from .color.tone import Toned, tone_of
from .color.upsample import DetailInjection, RowSource
from .decode import decode, decode_pages
from .encode import encode, noted_metadata, output_format
from .left_out import losses_of_pixels
from .limits import PhotoLimits
from .metadata.provenance import provenance_of, with_film, with_series, with_steps_before
from .metadata.provenance import restored as steps_of
from .photo import Photo
from .prediction.film_choice import film_used
from .prediction.predict import SmallColor, lightness_of_pixels, predict_small
from .prediction.preparation import Preparation, prepared
from .prediction.vividness import predict_vividly
from .previews import confidence_png, mask_png, preview_of_pixels
from .repair.finder import Bytes, Finder
from .result import ColorizedPhoto, Pictures, Stages, finished
from .steps import Restored, restore_pixels, together


def colorize_decoded(
    data: bytes,
    photo_format: PhotoFormat,
    networks: Networks[Any],
    options: ColorizeOptions,
    stages: Stages,
    limits: PhotoLimits,
    finder: Finder,
    wishes: Bytes | None = None,
    preparation: Preparation | None = None,
    series: Series | None = None,
) -> ColorizedPhoto:
    """Any format to any other, turned upright; L* kept within rounding, to which a lossy encoder adds its own loss."""
    target, side = output_format(photo_format, options), stages.preview_side
    every_page = options.pages is Pages.ALL and photo_format is target is PhotoFormat.TIFF
    with stages.stage("decode"):
        photos = decode_pages(data, limits) if every_page else [decode(data, photo_format, limits)]
        in_color = options.color is Color.ON
        warnings = [note for photo in photos for note in photo.warnings]
        warnings += [notes.of_color(options)] * (in_color and any(photo.colored for photo in photos))
        # Each page lies in its own way.
        ways = [preparation or prepared(options, networks, partial(_itself, photo)) for photo in photos]
        way_of_first, plain = ways[0], replace(ways[0], inversion=None)
        warnings += [notes.MASKED] * (in_color and not way_of_first.inversion and is_masked(photos[0].pixels))
        original_preview = preview_of_pixels(plain.of_photo(photos[0]).pixels, side) if side else None
        photos = [way.of_photo(photo) for way, photo in zip(ways, photos, strict=True)]
        warnings += [note for way in ways for note in way.notes]
        options = way_of_first.options(options)
    height, width = photos[0].pixels.shape[:2]
    film = film_used(options, photos[0].metadata.exif, photos[0].metadata.xmp)
    pages = [Restored()] * len(photos)
    if options.restores:
        with stages.stage("repair"):
            for i, photo in enumerate(photos):
                photos[i], pages[i] = restore_pixels(photo, options, finder, wishes)
    smalls: list[SmallColor] = []
    predictor: Predictor = networks.usual
    if in_color:
        with stages.stage("predict"):
            looks = [_look(photo) for photo in photos]
            # Of all pages alike, by the first.
            predictor = networks.choose(options, *looks[0])
            pale, related = networks.pale(predictor), of_series(options, networks, series)
            options, first = predict_vividly(*looks[0], 1, predictor, options, pale, stages.go_on, related)
            smalls = [first]
            smalls += [predict_small(*look, 1, predictor, options, stages.go_on) for look in looks[1:]]
            del looks
            if options.own_color is OwnColor.KEEP:
                colored = zip(smalls, photos, strict=True)
                smalls = [replace(small, ab=with_own(small.ab, photo.pixels)) for small, photo in colored]
            warnings += [note for small in smalls for note in small.notes]
        with stages.stage("upsample"):
            # The source's pixels are let go one by one: while the result is packed, memory is at its highest.
            for i, small in enumerate(smalls):
                photos[i] = _with_color(photos[i], small, options, film)
    pages = [replace(page, told=way.with_told(page.told)) for way, page in zip(ways, pages, strict=True)]
    restored = together(pages)
    with stages.stage("encode"):
        provenance = provenance_of(data, predictor.card if in_color else None, options)
        provenance = with_film(with_series(provenance, series, options), film)
        for i, photo in enumerate(photos):
            noted = with_steps_before(provenance, *steps_of(pages[i].told))
            noted = replace(noted, seen=smalls[i].notes if smalls else ())
            metadata, lost = noted_metadata(photo.metadata, target, noted)
            pixels = photo.pixels if photo.pixels.ndim == 3 else cv2.merge([photo.pixels] * 3)
            photos[i] = replace(photo, pixels=pixels, metadata=metadata)
            warnings += lost + losses_of_pixels(photo, target)
        result = encode(photos, target, options.quality)
        small_pictures = Pictures(
            confidence_png(smalls[0].confidence, 1) if smalls else None,
            preview_of_pixels(photos[0].pixels, side) if side else None,
            original_preview,
            mask_png(restored.mask, 1),
            smalls[0].sight if smalls else None,
        )
    as_original = options.format is OutputFormat.SAME
    warnings += [notes.NOT_AS_ORIGINAL] * (as_original and photo_format is PhotoFormat.HEIC)
    said = tuple(dict.fromkeys(warnings))
    used = predictor.card, options.vivid() if in_color else None
    return finished(result, target, (height, width), said, stages, small_pictures, film, restored.told, *used)


def _itself(photo: Photo) -> Photo:
    return photo


def _look(photo: Photo) -> tuple[LightnessAt, Size]:
    """Return what gives the photo's L* at any size, and its own size."""
    size = photo.pixels.shape[0], photo.pixels.shape[1]
    return remembered(lightness_of_pixels(photo.pixels)), size


def _with_color(photo: Photo, small: SmallColor, options: ColorizeOptions, film: FilmUsed | None) -> Photo:
    colour: RowSource = DetailInjection(small.ab, small.lightness, photo.pixels.shape[:2])
    if options.sepia:
        colour = Toned(colour, tone_of(photo.pixels), options.sepia)
    weights = film.relights if film else None
    return replace(photo, pixels=colorize_pixels(photo.pixels, colour, weights, in_place=True))
