"""What the markers of a JPEG say of its colours and scans, heard as libjpeg hears them (jdmarker.c, jdapimin.c)."""

import re

from .file import APP0, APP14, PROGRESSIVE, SOS, Frame, JpegFile, Segment

_JFIF_BYTES, _ADOBE_BYTES, _TRANSFORM = 14, 12, 11
_ADOBE_RGB = 0
_JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
# What Adobe's marker can say of three components, and of four: the last is the usual.
_TRANSFORMS = ((0, 1), (0, 2))
_INKS = 4
_PROGRESSIVE_ARITHMETIC = 0xCA
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")


def says_color(segment: Segment) -> bool:
    """Return whether it is a whole marker of JFIF or Adobe: shorter ones say nothing."""
    return _is_jfif(segment) or _is_adobe(segment)


def is_rgb(jpeg: JpegFile) -> bool:
    """Return whether three components are red, green and blue.

    JFIF means YCbCr, then Adobe's flag counts, the last of several, then the components' names.
    """
    if any(map(_is_jfif, jpeg.metadata)):
        return False
    adobe = [s for s in jpeg.metadata if _is_adobe(s)]
    if adobe:
        return adobe[-1].payload[_TRANSFORM] == _ADOBE_RGB
    return bytes(c.identifier for c in jpeg.frame.components) == b"RGB"


def lacks_scans(jpeg: JpegFile) -> bool:
    """Return whether a progressive picture ends before all bits of its first component are there (T.81, G.1.1)."""
    if jpeg.frame.marker not in (PROGRESSIVE, _PROGRESSIVE_ARITHMETIC):
        return False
    missing = [1] * 64
    for scan in (s.payload for s in jpeg.segments if s.marker == SOS):
        if len(scan) == 4 + 2 * scan[0] and jpeg.frame.components[0].identifier in scan[1:-3:2]:
            first, last, bits = scan[-3:]
            missing[first : last + 1] = [bits & 15] * len(missing[first : last + 1])
    return any(missing)


def lost_a_restart(jpeg: JpegFile) -> bool:
    """Return whether restart markers do not follow one another, so that what one of them ended is not there."""
    for scan in (s.scan for s in jpeg.segments if s.marker == SOS):
        numbers = [marker[0] & 7 for marker in _RESTART.findall(scan)]
        if numbers != [at % 8 for at in range(len(numbers))]:
            return True
    return False


def plain(segment: Segment, frame: Frame) -> Segment:
    """Return a marker of JFIF or Adobe as libjpeg reads it without a warning."""
    if _is_jfif(segment):
        return Segment(APP0, _JFIF)
    known = _TRANSFORMS[len(frame.components) == _INKS]
    if segment.payload[_TRANSFORM] in known:
        return segment
    return Segment(APP14, segment.payload[:_TRANSFORM] + bytes([known[-1]]) + segment.payload[_ADOBE_BYTES:])


def _is_jfif(segment: Segment) -> bool:
    return (
        segment.marker == APP0
        and segment.payload.startswith(b"JFIF\x00")
        and len(segment.payload) >= _JFIF_BYTES
    )


def _is_adobe(segment: Segment) -> bool:
    return (
        segment.marker == APP14
        and segment.payload.startswith(b"Adobe")
        and len(segment.payload) >= _ADOBE_BYTES
    )
