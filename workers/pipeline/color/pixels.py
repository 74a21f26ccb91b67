"""Full-size colour for pixels: L* of every pixel is kept, chroma is reduced at the limits of sRGB.

Everything runs on blocks of rows that fit the processor's cache, on all threads; grey stays grey to the bit.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.film import Weights

from ..parallel import mapped
from ..photo import Samples
from .light import LINEAR, STEPS, encode, encoded_steps, light_of, lightness_of, look_up, steps_of
from .same_light import colored, relit
from .upsample import RowSource

Plane = NDArray[np.float32]

# A plane of it takes 256 KB: a dozen of them fit the cache that cores share, and a call costs little beside its work.
_BLOCK = 1 << 16
_ROWS = 64
# Of narrow pictures as many rows as are worth a call.
_LEAST = 1 << 13


def reduced_lightness(pixels: Samples, size: tuple[int, int]) -> Plane:
    """Return L* of a photo averaged down to at least `size` (height, width), never larger than the photo.

    Averages lightness, as the network's training did, in strips: the full-size plane never exists.
    """
    height, width = pixels.shape[:2]
    factor = max(1, min(height // size[0], width // size[1]))
    rows = factor * max(1, _BLOCK // (factor * width))
    strips = (pixels[start : start + rows] for start in range(0, height, rows))
    # Whole blocks only: the remainder at the last edges is less than one small pixel.
    reduced = list(mapped(lambda strip: _block_means(lightness_of(strip), factor), strips))
    return np.concatenate([strip for strip in reduced if len(strip)])


def colorize_pixels(
    pixels: Samples, colour: RowSource, film: Weights | None = None, *, in_place: bool = False
) -> Samples:
    """Return sRGB (H, W, 3) of the same type, with the L* of `pixels` and the ab of `colour`, fitted into sRGB.

    With the weights of a film, not the result's own L* is that of `pixels`, but the one that this film sees.
    `in_place` allows overwriting RGB pixels with the result: a large photo then needs no second copy.
    """
    overwrite = in_place and pixels.ndim == 3 and pixels.flags.writeable
    result = pixels if overwrite else np.empty((*pixels.shape[:2], 3), pixels.dtype)
    rows = max(1, min(_ROWS, _BLOCK // pixels.shape[1]), _LEAST // pixels.shape[1])

    def colorize(start: int) -> None:
        strip = slice(start, start + rows)
        light = light_of(pixels[strip])
        ab = colour.rows(start, light.lightness)
        encode(colored(light, ab) if film is None else relit(light, ab, film), light, result[strip])

    for _ in mapped(colorize, range(0, len(pixels), rows)):
        pass
    return result


def on_film(pixels: Samples, film: Weights) -> Samples:
    """Return what a film makes of sRGB (H, W, 3), with equal channels: the scan of a result in the eye's light."""
    scale = int(np.iinfo(pixels.dtype).max)
    result = np.empty_like(pixels)
    for start in range(0, len(pixels), _ROWS):
        light = look_up(pixels[start : start + _ROWS], LINEAR[scale])
        exposure = np.asarray(cv2.transform(light, np.asarray([film], np.float32) * STEPS), np.float32)
        result[start : start + _ROWS] = encoded_steps(steps_of(exposure), scale)[..., None]
    return result


def _block_means(plane: Plane, factor: int) -> Plane:
    rows, columns = plane.shape[0] // factor, plane.shape[1] // factor
    if not rows:
        return np.empty((0, columns), np.float32)
    whole = plane[: rows * factor, : columns * factor]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
