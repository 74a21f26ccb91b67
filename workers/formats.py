"""The formats that this installation writes, told without loading a codec."""

from importlib.util import find_spec

from photochrom.photo.options import OutputFormat


def written() -> tuple[OutputFormat, ...]:
    """Return all formats of a result but HEIC where its encoder, the extra `heic-write`, is not installed."""
    lacking = set() if find_spec("pillow_heif") else {OutputFormat.HEIC}
    return tuple(kind for kind in OutputFormat if kind is not OutputFormat.SAME and kind not in lacking)
