"""Clean photographs as the benchmarks of repair and of album pages read them."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color import encoded, lightness, luminance_of_lightness

Plane = NDArray[np.float32]
SEED = 77_000
"""Training counts its seeds from 0."""
_NAMES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")


def photographs(source: Path, most: int) -> Iterator[Plane]:
    """Yield L* of the photographs of a folder or a tar."""
    for file in files_of(source, most):
        with Image.open(file) as image:
            yield np.asarray(lightness(np.asarray(image.convert("RGB")) / 255), np.float32)


def samples(plane: Plane) -> NDArray[np.uint16]:
    """Return L* (H, W) as grey sRGB samples of 16 bits."""
    return np.asarray(np.rint(encoded(luminance_of_lightness(plane)) * 65535), np.uint16)


def files_of(source: Path, most: int | None = None) -> Iterator[Path | io.BytesIO]:
    """Yield the photographs of a folder or a tar, by name; all of them, or the first ones."""
    if source.is_dir():
        yield from sorted(path for path in source.rglob("*") if path.suffix.lower() in _NAMES)[:most]
        return
    with tarfile.open(source) as tar:
        names = sorted(name for name in tar.getnames() if name.lower().endswith(_NAMES))
        for name in names[:most]:
            file = tar.extractfile(name)
            assert file is not None
            yield io.BytesIO(file.read())
