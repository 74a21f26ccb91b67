"""What XMP says of things that lie beside a picture in its file: gain maps, videos. They do not travel."""

from .xmp_properties import Property, edited, read_properties

_GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/"
_CONTAINER = "http://ns.google.com/photos/1.0/container/"
_CAMERA = "http://ns.google.com/photos/1.0/camera/"
_VIDEO = ("MotionPhoto", "MicroVideo")


def has_gain_map(xmp: bytes | None) -> bool:
    """Return whether a packet says that a gain map lies behind the picture."""
    return xmp is not None and _GAIN_MAP.encode() in xmp


def without_companions(xmp: bytes) -> bytes:
    """Return a packet that speaks of no gain map or video, all else byte by byte; a damaged one is left alone.

    Viewers would look for them at the end of a file that has none.
    """
    if _GAIN_MAP.encode() not in xmp and _CAMERA.encode() not in xmp and _CONTAINER.encode() not in xmp:
        return xmp
    found = read_properties(xmp) or []
    return edited(xmp, [(each.start, each.end, b"") for each in found if _is_of_companions(each)])


def _is_of_companions(found: Property) -> bool:
    if found.namespace == _CAMERA:
        return found.name.startswith(_VIDEO)
    return found.namespace in (_GAIN_MAP, _CONTAINER)
