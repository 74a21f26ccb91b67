"""Bring what is stored in CMYK or CIELAB to sRGB, the space that the colour mathematics works in."""

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from photochrom.color import encoded, luminance_of_lightness

from ..metadata import icc
from ..photo import Samples
from .pixels import colorize_pixels

BY_PROFILE = "The photo is in CMYK; it was converted to RGB by its ICC profile."
BY_RULE = (
    "The photo is in CMYK and has no usable ICC profile; it was converted to RGB as if its inks were ideal."
)
FROM_LAB = "The photo is in CIELAB; it was converted to RGB."
_STRIP = 256


def from_cmyk(inks: Samples, profile: bytes | None) -> tuple[Samples, str]:
    """Return sRGB (H, W, 3) of inks (H, W, 4), 0 for none, of the same type, and a sentence about how.

    Without a usable profile inks count as ideal filters: red is (1 - cyan) (1 - black), as PostScript has it
    (PLRM, third edition, 7.2.4).
    """
    if profile and icc.color_space(profile) == "CMYK":
        try:
            return _by_profile(inks, profile), BY_PROFILE
        except Exception:  # noqa: S110 - littleCMS on a damaged profile
            pass
    scale = np.uint64(np.iinfo(inks.dtype).max)
    result = np.empty((*inks.shape[:2], 3), inks.dtype)
    for start in range(0, len(inks), _STRIP):
        paper = scale - inks[start : start + _STRIP].astype(np.uint64)
        result[start : start + _STRIP] = (paper[..., :3] * paper[..., 3:] + scale // 2) // scale
    return result, BY_RULE


def _by_profile(inks: Samples, profile: bytes) -> Samples:
    result = np.empty((*inks.shape[:2], 3), inks.dtype)
    for start in range(0, len(inks), _STRIP):
        strip = np.ascontiguousarray(inks[start : start + _STRIP])
        result[start : start + _STRIP] = imagecodecs.cms_transform(
            strip, profile, icc.srgb(), colorspace="cmyk", outcolorspace="rgb", outdtype=inks.dtype
        )
    return result


def from_ycc(ycc: Samples) -> Samples:
    """Return RGB (H, W, 3) of full-range YCbCr (H, W, 3), as JPEG and sYCC have it (IEC 61966-2-1, annex G)."""
    result, top = np.empty_like(ycc), int(np.iinfo(ycc.dtype).max)
    half = (top + 1) // 2
    for start in range(0, len(ycc), _STRIP):
        luma, blue, red = np.moveaxis(ycc[start : start + _STRIP].astype(np.float32), -1, 0)
        blue, red = blue - half, red - half
        rgb = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
        result[start : start + _STRIP] = np.clip(np.rint(np.stack(rgb, axis=-1)), 0, top)
    return result


class _StoredAb:
    """The a*, b* of samples, by rows."""

    def __init__(self, lab: Samples, *, offset: bool) -> None:
        self._lab, self._offset = lab, offset

    def rows(self, start: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        strip = self._lab[start : start + len(lightness), :, 1:]
        half = 1 << (strip.dtype.itemsize * 8 - 1)
        signed = strip.astype(np.int32)
        signed = signed - half if self._offset else (signed ^ half) - half
        return np.moveaxis(signed / np.float32(half / 128), -1, 0).astype(np.float32)


def from_lab(lab: Samples, *, offset: bool) -> Samples:
    """Return sRGB (H, W, 3) of CIELAB (H, W, 3) as TIFF stores it, of the same type; L* is kept, chroma fitted.

    Args:
        lab: uint8 or uint16; L* 0..100 over the full range, but to 0xFF00 in 16 bits of the ICC's encoding.
        offset: whether a*, b* are stored with an offset (the ICC's encoding) and not signed (TIFF's own).
    """
    top = int(np.iinfo(lab.dtype).max)
    white = 0xFF00 if offset and lab.dtype == np.uint16 else top
    lightness = np.minimum(np.arange(top + 1) / white, 1) * 100
    greys = np.rint(encoded(luminance_of_lightness(lightness)) * top).astype(lab.dtype)
    return colorize_pixels(greys[lab[..., 0]], _StoredAb(lab, offset=offset))
