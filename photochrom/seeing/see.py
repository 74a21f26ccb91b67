"""Show the network a photograph, part by part where that is better, and put its answers together.

This is the one way from a photograph to the network: workers, training and evaluation share it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..photo.hints import Hint
from .look import ChooseLook, Look, choose_look
from .resize import resized
from .sizes import Sides, Size, predict_size

Plane = NDArray[np.float32]
LightnessAt = Callable[[Size], Plane]
"""Gives L* (h, w), 0..100, of the upright photograph at the size that it is asked for."""
Predict = Callable[[Plane, tuple[Hint, ...]], Plane]
"""Gives planes (C, h/stride, w/stride) of what the network answers to L* (h, w) and hints."""


@dataclass(frozen=True)
class Seen:
    """What the network answered about a photograph."""

    planes: Plane
    """(C, h, w); 0 where nothing was predicted: on mounts and between the photographs of a page."""
    shown: NDArray[np.bool_]
    """(h, w): where the photograph is."""
    lightness: Plane
    """(stride * h, stride * w): the scan's own L*."""
    notes: tuple[str, ...]
    """Sentences for the record, and for the note in the metadata."""


def _ignore() -> None:
    """Hear that another view begins and do nothing."""


def see(
    lightness_at: LightnessAt,
    size: Size,
    card: Sides,
    predict: Predict,
    hints: Sequence[Hint] = (),
    on_view: Callable[[], None] = _ignore,
    choose: ChooseLook = choose_look,
) -> Seen:
    """Predict a photograph of any size and aspect, in whatever state.

    An ordinary photograph costs one prediction. See `look` for the others; a strip costs `strips.MOST_WINDOWS` at most.

    Args:
        lightness_at: the photograph.
        size: its height and width, upright.
        card: the sides that the network allows.
        predict: the network.
        hints: placed on the whole photograph.
        on_view: called before each view after the first; may raise to stop.
        choose: says how to look; that of a `Looks` where the same photograph is predicted again.
    """
    overview = lightness_at(predict_size(*size, card))
    look = choose(overview, size, hints)
    if look.at_the_whole:
        planes = predict(look.views[0].shown(overview), tuple(hints))
        return Seen(planes, np.ones(planes.shape[1:], bool), overview, look.notes)
    return _composed(lightness_at, size, card, predict, hints, on_view, look)


def _composed(
    lightness_at: LightnessAt,
    size: Size,
    card: Sides,
    predict: Predict,
    hints: Sequence[Hint],
    on_view: Callable[[], None],
    look: Look,
) -> Seen:
    canvas = _canvas(look, size, card)
    lightness = lightness_at(_source_size(canvas, size, card))
    weights = np.zeros(canvas, np.float32)
    total: Plane | None = None
    for i, view in enumerate(look.views):
        if i:
            on_view()
        box = view.box.snapped(canvas)
        part = lightness[box.cells(lightness.shape)]
        shown = view.shown(resized(part, predict_size(*box.size(size), card)))
        answer = predict(shown, box.hints(hints))
        cells = box.cells(canvas)
        place = cells[0].stop - cells[0].start, cells[1].stop - cells[1].start
        weight = view.weight(place)
        total = np.zeros((len(answer), *canvas), np.float32) if total is None else total
        total[:, *cells] += resized(answer, place) * weight
        weights[cells] += weight
    assert total is not None
    own = lightness_at((canvas[0] * card.stride, canvas[1] * card.stride))
    planes = np.asarray(total / np.where(weights > 0, weights, 1), np.float32)
    return Seen(planes, weights > 0, own, look.notes)


def _canvas(look: Look, size: Size, card: Sides) -> Size:
    """Return the cells (h, w) of the whole photograph at which its smallest view has the network's size."""
    smallest = min(height * width for height, width in (view.box.size(size) for view in look.views))
    scale = card.predict_side / smallest**0.5 / card.stride
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _source_size(canvas: Size, size: Size, card: Sides) -> Size:
    """Return the size from which views are cut: twice what the network sees, where the photograph has as much."""
    height, width = (
        max(card.stride * cells, min(2 * card.stride * cells, pixels))
        for cells, pixels in zip(canvas, size, strict=True)
    )
    return height, width
