"""Find the photographs of a page on a small picture of it."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.frames import MOST_FRAMES, Frame

from ...network.album import OnnxAlbum
from ...network.onnx_file import shipped
from .boxes import Box, Pyramid, box_around, corners, seen_whole, shared
from .crossings import agreement, laid
from .network import Album, Plane
from .rectangles import Edges
from .turn import is_straight
from .votes import elected

Bytes = NDArray[np.uint8]
SIDE = 800
"""Longest side of the picture in which photographs are found."""
_NARROWEST = 64  # pixels: of less nothing can be said
_PASSES = 3  # each sees its print better laid
_COVERED = 0.35  # of the smaller one of two boxes: both cannot be prints
_LIKE = 0.5  # intersection over union of two boxes that mean the same print
_LARGER = 1.0  # of the agreement, for a logarithm of the area: what is cut off is worse than paper left on
_OUTSIDE = 0.2  # pixels by which the networks lay a side too far out, on the mean (docs/lab/album.md)
_FILLS = 0.93  # of the picture: a box so large is the photograph that it is


def find_frames(picture: Bytes, album: Album | None = None) -> list[Frame]:
    """Return where photographs lie in a picture (h, w) or (h, w, 3) RGB; none if the picture is one photograph.

    Args:
        picture: small: its longest side is `SIDE`.
        album: the networks; by default those that are shipped.

    Raises:
        ModelRejected: the networks cannot be loaded.
    """
    if min(picture.shape[:2]) < _NARROWEST:
        return []
    album = album or _shipped()
    rgb = np.asarray(picture if picture.ndim == 3 else cv2.merge([picture] * 3), np.uint8)
    seen, scale = seen_whole(rgb, album.card.page_side)
    votes, is_page = album.votes(seen)
    if is_page <= album.card.page_odds:
        return []
    size = round(rgb.shape[0] * scale), round(rgb.shape[1] * scale)
    boxes = elected(votes, size, album.card.page_side / votes.shape[-1])
    boxes = [np.asarray((*(box[:4] / scale), box[4]), np.float32) for box in boxes]
    pyramid = Pyramid(rgb)
    found = _checked(*_laid(pyramid, boxes, album), album.card.print_odds)
    if found:
        found = _best(pyramid, found, Edges(rgb), album)
    if len(found) == 1 and found[0][2] * found[0][3] > _FILLS * rgb.shape[0] * rgb.shape[1]:
        return []
    return _in_reading_order([_frame(box) for box in found[:MOST_FRAMES]])


@cache
def _shipped() -> Album:
    return OnnxAlbum(shipped("album.onnx"))


def _laid(pyramid: Pyramid, boxes: list[Box], album: Album) -> tuple[list[Box], list[float]]:
    """Return boxes laid along the sides of their prints, and how surely each is one print."""
    odds = list[float]()
    for _ in range(_PASSES if boxes else 0):
        chances, is_one = _asked(pyramid, boxes, album)
        boxes = _along(boxes, chances, album)
        odds = [float(value) for value in is_one]
    return boxes, odds


def _along(boxes: list[Box], chances: Plane, album: Album) -> list[Box]:
    return [laid(box, each, album.card.share) for box, each in zip(boxes, chances, strict=True)]


def _asked(pyramid: Pyramid, boxes: list[Box], album: Album) -> tuple[Plane, Plane]:
    card = album.card
    return album.sides(np.stack([pyramid.around(box, card.share, card.print_side) for box in boxes]))


def _best(pyramid: Pyramid, boxes: list[Box], edges: Edges, album: Album) -> list[Box]:
    """Return for each print the box that the network agrees with most, of those that it finds from several beginnings.

    It begins at its own box, at that laid on straight edges, and at the rectangle that straight edges show there.
    """
    rectangles = [box_around(each) for each in edges.rectangles()]
    offers = [[box, box_around(edges.laid(corners(box))), *_like(box, rectangles)] for box in boxes]
    offered = [box for offer in offers for box in offer]
    offered = _along(offered, _asked(pyramid, offered, album)[0], album)
    chances, _ = _asked(pyramid, offered, album)
    values = [
        agreement(each, album.card.share) + _LARGER * float(np.log(box[2] * box[3]))
        for each, box in zip(chances, offered, strict=True)
    ]
    ends = np.cumsum([len(offer) for offer in offers])
    best = [
        max(range(end - len(offer), end), key=lambda number: values[number])
        for end, offer in zip(ends, offers, strict=True)
    ]
    return [_narrowed(box) for box in _along([offered[number] for number in best], chances[best], album)]


def _narrowed(box: Box) -> Box:
    narrow = box.copy()
    narrow[2:4] -= 2 * _OUTSIDE
    return narrow


def _like(box: Box, others: list[Box]) -> list[Box]:
    """Return the box that is most like another one, if any is."""
    areas = [float(other[2] * other[3] + box[2] * box[3]) for other in others]
    likes = [
        both / (area - both) for both, area in zip((shared(box, each) for each in others), areas, strict=True)
    ]
    return [others[int(np.argmax(likes))]] if likes and max(likes) > _LIKE else []


def _checked(boxes: list[Box], odds: list[float], least: float) -> list[Box]:
    """Leave out what is not one print, and of two that lie on each other the less likely one."""
    kept: list[Box] = []
    for value, box in sorted(zip(odds, boxes, strict=True), key=lambda pair: -pair[0]):
        area = float(box[2] * box[3])
        if value > least and all(
            shared(box, other) < _COVERED * min(area, float(other[2] * other[3])) for other in kept
        ):
            kept.append(box)
    return kept


def _frame(box: Box) -> Frame:
    """Return the box as a frame; one that would be cut as straight says that it is."""
    x, y, width, height, angle = (float(value) for value in box)
    frame = Frame(x=x, y=y, width=max(width, 1), height=max(height, 1), angle=float(np.rad2deg(angle)))
    return frame.model_copy(update={"angle": 90.0 * round(frame.angle / 90)}) if is_straight(frame) else frame


def _in_reading_order(frames: list[Frame]) -> list[Frame]:
    """Sort by rows from above, each from the left: a row is what begins above the middle of its highest frame."""
    left, ordered = sorted(frames, key=lambda frame: frame.y - frame.height / 2), []
    while left:
        row = [frame for frame in left if frame.y - frame.height / 2 <= left[0].y]
        ordered += sorted(row, key=lambda frame: frame.x)
        left = [frame for frame in left if frame not in row]
    return ordered
