"""What the boxes of HEIC and AVIF (ISO/IEC 23008-12) say of their pictures, found without a decoder."""

from ..limits import PhotoLimits
from ..notes import LEFT_GAIN_MAP, LEFT_VIDEO
from ..structure.boxes import content_of

_SEQUENCES = (b"avis", b"msf1", b"hevc", b"hevx")
_AV1_MARKER = 0x81  # and version 1
_HIGH, _TWELVE = 0x40, 0x20
_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")
_DEPTHS = (b"urn:mpeg:hevc:2015:auxid:2", b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth")
_LEFT_DEPTH = "The file holds a depth map; it was left out."
_ISPE_LENGTH = (20).to_bytes(4, "big")


def avif_bits(data: bytes) -> int:
    """Return the bits per sample of an AVIF, by how its picture is coded (AV1's `av1C`), else by `pixi`; or 8."""
    at = data.find(b"av1C")
    if 0 <= at < len(data) - 6 and data[at + 4] == _AV1_MARKER:
        flags = data[at + 6]
        return (12 if flags & _TWELVE else 10) if flags & _HIGH else 8
    at = data.find(b"pixi")
    return data[at + 9] if 0 <= at < len(data) - 9 else 8


def is_sequence(data: bytes) -> bool:
    """Return whether the file is, or may hold, a sequence of pictures."""
    end = int.from_bytes(data[:4], "big")
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, min(end, 256), 4))]
    return any(brand in _SEQUENCES for brand in brands) or b"moov" in data


def is_coded_as(data: bytes, *kinds: bytes) -> bool:
    """Return whether any item of the file is of one of these kinds."""
    at = -1
    while (at := data.find(b"infe", at + 1)) >= 0:
        if data[at + 12 : at + 16] in kinds or data[at + 14 : at + 18] in kinds:
            return True
    return False


def left_behind(data: bytes) -> tuple[str, ...]:
    """Return a sentence for each thing beside the picture that does not travel: a gain map, a depth map, a video."""
    gain_map = is_coded_as(data, b"tmap") or any(name in data for name in _GAIN_MAPS)
    depth = any(name in data for name in _DEPTHS)
    video = content_of(data, b"mpvd") is not None
    return (LEFT_GAIN_MAP,) * gain_map + (_LEFT_DEPTH,) * depth + (LEFT_VIDEO,) * video


def check_stated_size(data: bytes, limits: PhotoLimits) -> None:
    """Refuse a file one of whose pictures is larger than the limits; decoders with limits of their own say less.

    Raises:
        PhotoTooLarge: it is.
    """
    at = -1
    while (at := data.find(b"ispe", at + 1)) >= 0:
        if data[at - 4 : at] == _ISPE_LENGTH and len(data) >= at + 16:
            width, height = (int.from_bytes(data[at + i : at + i + 4], "big") for i in (8, 12))
            limits.check_size(height, width)
