"""What lies beside the picture in a JPEG's file: further pictures, a gain map, a video. None of it travels."""

from ...metadata.directory import Structure
from ...metadata.xmp_companions import has_gain_map
from ...notes import LEFT_GAIN_MAP, LEFT_VIDEO
from .file import APP1, APP2, JpegFile, Segment

MPF, GAIN_MAP = b"MPF\x00", b"urn:iso:std:iso:ts:21496:-1\x00"
_LEFT_PICTURES = "The file has {} pictures; only the first was colorized."
_LEFT_BYTES = "The file goes on behind its picture, for {:,} bytes of another kind; they were left out."
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_MP_ENTRIES = 0xB002
_MP_CLASS, _MP_PREVIEW = 0xFF0000, 0x010000
_PADDING = b"\x00\xff\r\n\t \x1a"


def left_behind(jpeg: JpegFile) -> tuple[str, ...]:
    """Return a sentence for each kind of thing beside the picture."""
    kinds = _indexed(jpeg.metadata)
    gain_map = any(_says_gain_map(s) for s in jpeg.metadata)
    pictures = sum(kind & _MP_CLASS != _MP_PREVIEW for kind in kinds or []) - gain_map
    said = (_LEFT_PICTURES.format(pictures),) * (pictures > 1) + (LEFT_GAIN_MAP,) * gain_map
    if b"ftyp" in jpeg.tail:
        return (*said, LEFT_VIDEO)
    unnamed = kinds is None and not gain_map and len(jpeg.tail.strip(_PADDING))
    return said + (_LEFT_BYTES.format(len(jpeg.tail)),) * bool(unnamed)


def _says_gain_map(segment: Segment) -> bool:
    if segment.marker == APP2:
        return segment.payload.startswith(GAIN_MAP)
    return segment.marker == APP1 and segment.payload.startswith(_XMP) and has_gain_map(segment.payload)


def _indexed(segments: tuple[Segment, ...]) -> list[int] | None:
    """Return the kinds of the pictures that the index names (CIPA DC-007); None where there is none."""
    named = (s.payload for s in segments if s.marker == APP2 and s.payload.startswith(MPF))
    index = Structure(next(named, b"").removeprefix(MPF))
    entries = index.entries(index.first).get(_MP_ENTRIES) if index.is_whole() else None
    if entries is None:
        return None
    return [
        int.from_bytes(entries.value[at : at + 4], index.order) for at in range(0, len(entries.value), 16)
    ]
