"""From a photo's lightness to small colour: the steps at the network's size."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions
from photochrom.seeing.look import ChooseLook, choose_look
from photochrom.seeing.see import LightnessAt, see

from ...network.predictor import Predictor
from ...series.apply import shifted
from ...series.asked import OfSeries
from ...series.look import sight_of
from ..color.pixels import reduced_lightness
from ..metadata.orientation import as_stored, upright
from ..photo import Samples

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class SmallColor:
    """A prediction as the photo is stored (not turned upright), at the network's output size or a multiple of it."""

    ab: Plane
    """(2, h, w), scaled by the requested strength; 0 on a mount."""
    confidence: Plane
    """(h, w), 0..1; 1 on a mount."""
    lightness: Plane
    """(h, w), the scan's L* averaged down to this size."""
    chroma: float
    """The mean of what was predicted, at strength 1 and without the mounts."""
    sight: bytes | None = None
    """What the photograph shows, for the others of its batch (`photochrom.photo.sight`), where that was asked for."""
    notes: tuple[str, ...] = ()
    """Sentences about what the network saw, where that was not the whole photo as it is."""


def reduce_lightness(lightness: Plane, size: tuple[int, int]) -> Plane:
    """Resize L* (H, W) to (h, w): by averages where it shrinks, bilinearly where it grows."""
    # OpenCV's area mode is an average only when both sides shrink.
    smaller = tuple(min(a, b) for a, b in zip(lightness.shape, size, strict=True))
    shrunk = cv2.resize(lightness, smaller[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def predict_small(
    lightness_at: LightnessAt,
    size: tuple[int, int],
    orientation: int,
    predictor: Predictor,
    options: ColorizeOptions,
    on_view: Callable[[], None],
    series: OfSeries | None = None,
    choose: ChooseLook = choose_look,
) -> SmallColor:
    """Predict the colour of a photo.

    Args:
        lightness_at: gives L* 0..100 (h, w) of the photo turned upright.
        size: (height, width) of the photo as stored.
        orientation: EXIF 1..8; the network sees the photo upright.
        predictor: the network.
        options: passed to the network; `strength` scales what it returns.
        on_view: called where the network looks once more; may raise to stop.
        series: what is done for the sake of the others of its batch.
        choose: says how the network looks at it.
    """

    def predict(lightness: Plane, hints: tuple[Hint, ...]) -> Plane:
        given = options if hints == options.hints else options.model_copy(update={"hints": hints})
        prediction = predictor.predict(lightness, given)
        return np.concatenate([prediction.ab, prediction.confidence[None]])

    size = turned(size, orientation)
    seen = see(lightness_at, size, predictor.card, predict, options.hints, on_view, choose)
    guide = reduce_lightness(seen.lightness, seen.shown.shape)
    confidence = np.where(seen.shown, seen.planes[2], np.float32(1))
    answer, sight = seen.planes[:2], None
    if series and series.shift:
        answer = shifted(answer, guide, series.shift, options.consistency) * seen.shown
    elif series and series.recognizer:
        sight = sight_of(
            series.recognizer, seen.lightness, answer, seen.shown, anchored=bool(options.hints)
        ).to_bytes()
    ab = [as_stored(plane, orientation) for plane in answer * np.float32(options.strength)]
    return SmallColor(
        np.ascontiguousarray(ab),
        np.ascontiguousarray(as_stored(confidence, orientation)),
        np.ascontiguousarray(as_stored(guide, orientation)),
        float(np.hypot(*seen.planes[:2]).sum() / max(1, np.count_nonzero(seen.shown))),
        sight,
        seen.notes,
    )


def turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return the height and width of a photo turned upright, from those of it as stored."""
    return size if orientation < 5 else (size[1], size[0])


def lightness_of_plane(lightness: Plane, orientation: int) -> LightnessAt:
    """Return what gives a photo's L* at any size, from L* (h, w) as stored."""
    turned = np.ascontiguousarray(upright(lightness, orientation))
    return lambda size: reduce_lightness(turned, size)


def lightness_of_pixels(pixels: Samples) -> LightnessAt:
    """Return what gives the L* of upright pixels (H, W) or (H, W, 3) at any size."""
    return lambda size: reduce_lightness(reduced_lightness(pixels, (2 * size[0], 2 * size[1])), size)
