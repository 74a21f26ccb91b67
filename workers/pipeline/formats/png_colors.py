"""What the numbers of a PNG mean, as its chunks say it (ISO/IEC 15948, 11.3.2): told as an ICC profile."""

import math
import struct
import zlib
from collections.abc import Mapping

from ..color.profile import UNREAD
from ..metadata import icc
from .jxl.colors import Encoding, Point, encoding_of

_GAMMA_TOLERANCE = 0.05
_LEAST_GAMMA = 0.1
_UNSPECIFIED = 2
_POINTS = struct.Struct(">8I")
_NEAR = 0.01  # of a chromaticity: as far as programs round those of sRGB
_HDR = "The PNG says that it has video or HDR colours, which are not supported (cICP {}); they were read as sRGB."


def profile_of(found: Mapping[bytes, bytes], limit: int) -> tuple[bytes | None, tuple[str, ...]]:
    """Return a profile, None for sRGB, and a sentence where what is said could not be used.

    Args:
        found: payloads by their chunks: the first of cICP, iCCP, sRGB and gAMA (with cHRM) that can be read counts.
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
    usual = abs(gamma * 2.2 - 1) < _GAMMA_TOLERANCE or not _LEAST_GAMMA <= gamma <= 1 / _LEAST_GAMMA
    white, *primaries = _points(found.get(b"cHRM", b"")) or (Encoding().white, *Encoding().primaries)
    near = all(math.dist(*pair) < _NEAR for pair in zip(primaries, Encoding().primaries, strict=True))
    if near:
        return (None if usual else icc.power(1 / gamma)), notes
    encoding = Encoding(white=white, primaries=tuple(primaries), gamma=None if usual else gamma)
    return encoding.profile()[0], notes


def _points(payload: bytes) -> list[Point] | None:
    """Return x and y of white, red, green and blue; None of what is none or makes no colours."""
    if len(payload) != _POINTS.size:
        return None
    numbers = [number / 100_000 for number in _POINTS.unpack(payload)]
    if not all(0 < number < 1 for number in numbers):
        return None
    return list(zip(numbers[::2], numbers[1::2], strict=True))


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
