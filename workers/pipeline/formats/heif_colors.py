"""What the numbers of a HEIC or AVIF mean where no ICC profile says it: names of ITU-T H.273 in its boxes."""

from ..color.profile import HDR
from .jxl.colors import HDR_CURVES, encoding_of

_NAMED = b"colrnclx"
_SRGB, _STILL_CURVES = 13, (4, 5, 8)


def profile_of(data: bytes, icc: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the profile of a file's numbers, None for sRGB, and a sentence where it is HDR.

    Curves of video count as sRGB's: cameras and encoders name them for pictures that every viewer shows as such.
    """
    at = data.find(_NAMED)
    if icc or at < 0 or len(data) < at + 12:
        return icc, ()
    primaries, curve = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (8, 10))
    if curve in HDR_CURVES:
        return None, (HDR.format(HDR_CURVES[curve]),)
    encoding = encoding_of(primaries, curve if curve in _STILL_CURVES else _SRGB)
    return (encoding.profile()[0] if encoding else None), ()
