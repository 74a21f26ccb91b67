"""Bring decoded pixels to the sRGB that the colour mathematics works in."""

from dataclasses import replace

import imagecodecs
import numpy as np

from photochrom.color import encoded

from ..metadata import icc
from ..photo import Photo, Samples

UNREAD = "The photo's ICC profile could not be used; its numbers were taken as sRGB."
HDR = (
    "The photo has HDR colours ({}), which are not supported: they were read as sRGB. Export it as SDR first."
)
_STRIP = 256
_LEAST_CONTRAST = 64


def as_srgb(photo: Photo) -> Photo:
    """Return the photo with pixels in sRGB, tagged so if the source was tagged.

    Grey goes through the profile's tone curve, RGB through littleCMS. A profile that already is sRGB stays.
    """
    profile = photo.metadata.icc
    if profile is None or (photo.pixels.ndim == 3 and icc.is_srgb(profile)):
        return photo
    pixels = _grey(photo.pixels, profile) if photo.pixels.ndim == 2 else _rgb(photo.pixels, profile)
    metadata = replace(photo.metadata, icc=icc.srgb())
    if pixels is None:
        return replace(photo, metadata=metadata, warnings=(*photo.warnings, UNREAD))
    return replace(photo, pixels=pixels, metadata=metadata)


def _grey(pixels: Samples, profile: bytes) -> Samples | None:
    # RGB profiles on grey pictures are common, and wrong, but say well enough which curve is meant.
    light = icc.tone_curve(profile, b"kTRC" if icc.color_space(profile) == "GRAY" else b"rTRC")
    if light is None:
        return None
    scale = int(np.iinfo(pixels.dtype).max)
    values = np.interp(np.arange(scale + 1) / scale, np.linspace(0, 1, len(light)), light)
    return np.rint(encoded(values) * scale).astype(pixels.dtype)[pixels]


def _rgb(pixels: Samples, profile: bytes) -> Samples | None:
    if icc.color_space(profile) != "RGB" or not icc.is_usable(profile):
        return None
    result = np.empty_like(pixels)
    try:
        if not _tells_light_from_dark(profile):
            return None
        for start in range(0, len(pixels), _STRIP):
            strip = slice(start, start + _STRIP)
            result[strip] = imagecodecs.cms_transform(
                pixels[strip], profile, icc.srgb(), colorspace="rgb", outcolorspace="rgb"
            )
    except Exception:  # littleCMS on a damaged profile
        return None
    return result


def _tells_light_from_dark(profile: bytes) -> bool:
    """Whether white comes out light, black dark: tables of broken profiles can do anything."""
    black_white = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    seen = imagecodecs.cms_transform(black_white, profile, icc.srgb(), colorspace="rgb", outcolorspace="rgb")
    dark, light = (int(value) for value in np.asarray(seen)[0, :, 1])
    return light - dark >= _LEAST_CONTRAST
