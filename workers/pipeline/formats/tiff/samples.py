"""A TIFF page's samples as colours and alpha (TIFF 6.0, sections 8, 16, 18 and 23)."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from ...photo import Samples, full_range, to_8bit, unmultiplied
from ..damage import damaged

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
COLORS = {
    MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, PALETTE: 1, RGB: 3, YCBCR: 3, CIELAB: 3, ICCLAB: 3, CMYK: 4,
}  # fmt: skip
"""How many samples of a pixel are its colour, by the photometric interpretation."""
_SOFTWARE = 305
_DIFFERENCES = 2
_SCANNERS_PROGRAMS = ("vuescan", "silverfast")
_UNSTATED = "The TIFF has extra channels whose meaning it does not state, {} a pixel; they were left out."
_MORE = "The TIFF has extra channels besides its colours and transparency, {} a pixel; they were left out."


class _Extra(Enum):
    UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2


@dataclass(frozen=True)
class Planes:
    """What a page holds: (H, W), (H, W, 3) or (H, W, 4) colours in its own space, and (H, W) alpha or None."""

    colors: Samples
    alpha: Samples | None
    warnings: tuple[str, ...]


def read_planes(page: Any) -> Planes:
    """Decode a page of one of the kinds in `COLORS`; samples get the full range of 8 or 16 bits."""
    samples = np.asarray(page.asarray())
    if samples.dtype.kind == "i":  # CIELAB that is called signed, as its a* and b* are
        samples = samples.view(samples.dtype.str.replace("i", "u"))
    if int(page.planarconfig) == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    photometric, bits = int(page.photometric), int(page.bitspersample)
    if samples.shape[:2] != (page.imagelength, page.imagewidth):
        raise damaged("TIFF")
    if int(page.predictor) == _DIFFERENCES and bits not in (8, 16):
        samples = samples & samples.dtype.type(
            (1 << bits) - 1
        )  # differences of so many bits, summed up in 8 or 16
    samples = samples if samples.ndim == 3 else samples[..., None]
    count = COLORS[photometric]
    colors = samples[..., 0] if count == 1 else samples[..., :count]
    meanings = _meanings(page, samples, count)
    at = next((i for i, meaning in enumerate(meanings) if meaning is not _Extra.UNSPECIFIED), None)
    alpha = None if at is None else full_range(np.ascontiguousarray(samples[..., count + at]), bits)
    if photometric == PALETTE:
        colors = _looked_up(colors, page.colormap)
        alpha = None if alpha is None else _as_deep(alpha, colors)
    else:
        colors = full_range(np.ascontiguousarray(colors), bits)
        if at is not None and alpha is not None and meanings[at] is _Extra.ASSOCIATED:
            colors = unmultiplied(colors, alpha)
    if photometric == MIN_IS_WHITE:
        colors = np.iinfo(colors.dtype).max - colors
    left_out = len(meanings) - (alpha is not None)
    sentence = _UNSTATED if alpha is None else _MORE
    return Planes(colors, alpha, (sentence.format(left_out),) * bool(left_out))


def _meanings(page: Any, samples: Samples, count: int) -> list[_Extra]:
    """What each sample beyond the colours means."""
    extra = samples.shape[2] - count
    stated = [
        _Extra(int(value)) if int(value) in (0, 1, 2) else _Extra.UNSPECIFIED for value in page.extrasamples
    ]
    if not stated and extra == 1 and samples[..., count].any() and not _scanned_in_infrared(page):
        # Of programs that do not say it most mean transparency; where it would hide all of the picture, they cannot.
        return [_Extra.UNASSOCIATED]
    return (stated + [_Extra.UNSPECIFIED] * extra)[:extra]


def _scanned_in_infrared(page: Any) -> bool:
    """Whether a program for film scanners wrote the page: its fourth sample shows dust, in infrared."""
    software = str(page.tags.valueof(_SOFTWARE, "")).lower()
    return any(name in software for name in _SCANNERS_PROGRAMS)


def _looked_up(indices: Samples, colormap: Any) -> Samples:
    """Colours of a palette; 8 bits where the map says no more than 8 can."""
    table = np.moveaxis(np.asarray(colormap, np.uint16), 0, -1)
    if table.max(initial=0) < 256:  # some programs write bytes where the standard wants all of 16 bits
        table = table.astype(np.uint8)
    elif not (table % 257).any() or not (table & 255).any():
        table = (table >> 8).astype(np.uint8)
    return np.ascontiguousarray(table[np.minimum(indices.astype(np.uint16), len(table) - 1)])


def _as_deep(alpha: Samples, colors: Samples) -> Samples:
    if colors.dtype == np.uint8:
        return to_8bit(alpha)
    return alpha.astype(np.uint16) * np.uint16(257) if alpha.dtype == np.uint8 else alpha
