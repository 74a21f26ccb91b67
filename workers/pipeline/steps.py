"""The steps before colour: repair and levels. What each did is told; what it may touch is a promise.

Repair changes the pixels of its mask, and of a JPEG the blocks that these touch. Levels change all lightness by one
curve that is written down.
"""

from dataclasses import dataclass, replace

import numpy as np

from photochrom.photo.options import ColorizeOptions, Levels, Repair
from photochrom.photo.restoration import LevelCurve, Luma, Repairs, Restoration

from .color import levels
from .formats.jpeg.blocks import with_luma
from .formats.jpeg.file import JpegFile
from .formats.jpeg.pixels import decode_jpeg
from .photo import Photo, Samples
from .repair.finder import Bytes, Finder
from .repair.marks import FILLED
from .repair.repair import Found, filled, find
from .repair.wishes import as_stored_wishes


@dataclass(frozen=True)
class Restored:
    """What a photograph became before its colour.

    Attributes:
        mask: (H, W) as `repair.marks` says; None where no repair was asked for.
        told: the figures; None where neither step was asked for.
    """

    mask: Bytes | None = None
    told: Restoration | None = None


def restore_pixels(
    photo: Photo, options: ColorizeOptions, finder: Finder, wishes: Bytes | None = None
) -> tuple[Photo, Restored]:
    """Repair and level an upright photograph; what is not asked for is not done."""
    if not options.restores:
        return photo, Restored()
    found = _found(photo.pixels, options, finder, wishes, 1)
    pixels = photo.pixels if found is None else _repaired(photo.pixels, found)
    curve = levels.faded(levels.reduced(pixels)) if options.levels is Levels.AUTO else None
    pixels = pixels if curve is None else levels.applied(curve, pixels)
    return replace(photo, pixels=pixels), _restored(found, curve)


def restore_luma(
    data: bytes,
    jpeg: JpegFile,
    orientation: int,
    options: ColorizeOptions,
    finder: Finder,
    wishes: Bytes | None = None,
) -> tuple[JpegFile, Restored]:
    """Repair and level a JPEG whose luma can be carried over; blocks that are not touched keep their coefficients.

    Raises:
        UnreadablePhoto: the picture is damaged.
    """
    if not options.restores:
        return jpeg, Restored()
    luma = np.ascontiguousarray(decode_jpeg(data, jpeg, "GRAY", 1).pixels[..., 0])
    found = _found(luma, options, finder, wishes, orientation)
    changed = np.zeros(luma.shape, bool) if found is None else found.mask == FILLED
    luma = luma if found is None else _repaired(luma, found)
    curve = levels.faded(levels.reduced(luma)) if options.levels is Levels.AUTO else None
    if curve is not None:
        luma, changed = levels.applied(curve, luma), np.ones(luma.shape, bool)
    restored = _restored(found, curve)
    if not changed.any():
        return jpeg, restored
    return with_luma(jpeg, luma, changed), restored


def _found(
    pixels: Samples, options: ColorizeOptions, finder: Finder, wishes: Bytes | None, orientation: int
) -> Found | None:
    if options.repair is not Repair.AUTO:
        return None
    size = pixels.shape[0], pixels.shape[1]
    stored = as_stored_wishes(wishes, options.keep, size, orientation)
    return find(pixels, finder, options.repair_strength, stored)


def _repaired(pixels: Samples, found: Found) -> Samples:
    return filled(pixels, found.mask, in_place=True) if (found.mask == FILLED).any() else pixels


def _restored(found: Found | None, curve: LevelCurve | None) -> Restored:
    repairs = None if found is None else found.repairs
    changed = repairs is not None and repairs.changed > 0
    luma = Luma.ANEW if curve is not None else Luma.REPAIRED if changed else Luma.KEPT
    return Restored(
        None if found is None else found.mask, Restoration(repairs=repairs, levels=curve, luma=luma)
    )


def together(restored: list[Restored]) -> Restored:
    """Return the first page's mask and curve, and the figures of all pages."""
    told = [page.told for page in restored if page.told]
    if len(told) < 2:
        return restored[0]
    repairs = [page.repairs for page in told if page.repairs]
    first = told[0]
    if repairs:
        first = first.model_copy(update={"repairs": _sum(repairs)})
    return replace(restored[0], told=first)


def _sum(pages: list[Repairs]) -> Repairs:
    kinds = {kind for page in pages for kind in page.counts}
    return Repairs(
        counts={kind: sum(page.counts.get(kind, 0) for page in pages) for kind in sorted(kinds)},
        left=sum(page.left for page in pages),
        changed=float(np.mean([page.changed for page in pages])),
    )
