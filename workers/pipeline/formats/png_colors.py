"""What the numbers of a PNG mean, as its chunks say it (ISO/IEC 15948, 11.3.2): told as an ICC profile."""

import zlib
from collections.abc import Mapping

from ..color.profile import UNREAD
from ..metadata import icc
from .jxl.colors import Encoding, encoding_of

_GAMMA_TOLERANCE = 0.05
_LEAST_GAMMA = 0.1
_UNSPECIFIED = 2
_HDR = "The PNG says that it has video or HDR colours, which are not supported (cICP {}); they were read as sRGB."


def profile_of(found: Mapping[bytes, bytes], limit: int) -> tuple[bytes | None, tuple[str, ...]]:
    """Return a profile, None for sRGB, and a sentence where what is said could not be used.

    Args:
        found: payloads by their chunks: the first of cICP, iCCP, sRGB and gAMA that can be read counts.
        limit: bytes that a profile may have; a larger one is cut off a byte beyond it.
    """
    notes: tuple[str, ...] = ()
    code = found.get(b"cICP", b"")
    if len(code) == 4 and _UNSPECIFIED not in code[:2]:
        encoding = _encoding(code)
        profile, known = encoding.profile() if encoding else (None, False)
        return profile, (_HDR.format("-".join(map(str, code))),) * (not known)
    if b"iCCP" in found:
        profile = inflated(found[b"iCCP"].partition(b"\x00")[2][1:], limit)
        if profile is not None:
            return profile, ()
        notes = (UNREAD,)
    if b"sRGB" in found or len(found.get(b"gAMA", b"")) != 4:
        return None, notes
    gamma = int.from_bytes(found[b"gAMA"], "big") / 100_000
    # Nearly 1 / 2.2 means sRGB, as libpng and browsers take it.
    usual = abs(gamma * 2.2 - 1) < _GAMMA_TOLERANCE
    return icc.power(1 / gamma) if not usual and _LEAST_GAMMA <= gamma <= 1 / _LEAST_GAMMA else None, notes


def inflated(packed: bytes, limit: int) -> bytes | None:
    """Unpack, but no more than a byte beyond the limit, by which it is found to be too large; None if damaged."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return data if unpacker.eof or len(data) > limit else None


def _encoding(code: bytes) -> Encoding | None:
    """Of primaries, transfer, matrix and range; None of what is no full-range RGB, as that of video is."""
    primaries, curve, matrix, full = code
    return encoding_of(primaries, curve) if matrix == 0 and full == 1 else None
