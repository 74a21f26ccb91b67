"""How many pixels an upload has, by its header; the worker, which decodes it, has the last word."""

from pathlib import Path

import imagesize


def pixels_of(photo: Path, otherwise: int) -> int:
    """Return width times height, or `otherwise` where no header tells: a damaged file is no way around a quota."""
    width, height = imagesize.get(photo, exif_rotation=False)
    return width * height if width > 0 and height > 0 else otherwise
