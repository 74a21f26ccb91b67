"""Metadata in JPEG segments: EXIF, XMP, IPTC, ICC and density, read out and written back."""

import struct
from dataclasses import dataclass
from typing import Literal

from ...color.space import RgbSpace, space_of
from ...limits import PhotoLimits
from ...metadata import icc, photoshop
from ...metadata.exif import oriented_exif, without_thumbnail
from ...metadata.orientation import is_readable, read_orientation
from ...metadata.provenance import Provenance
from ...metadata.xmp import turned_xmp, with_provenance, without_extension
from ...metadata.xmp_companions import without_companions
from ...photo import Metadata
from .companions import GAIN_MAP, MPF, left_behind
from .file import APP0, APP1, APP2, APP11, APP13, COM, JpegFile, Segment

_EXIF, _XMP = b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00"
_ICC, _PHOTOSHOP = b"ICC_PROFILE\x00", b"Photoshop 3.0\x00"
_JFIF_THUMBNAIL = b"JFXX\x00"
_JFIF_SIZES = 12  # where JFIF says how large the thumbnail behind it is
_ICC_CHUNK = 65_519
_MAX_PAYLOAD = 65_533
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_CREDENTIALS = "The file's content credentials (C2PA) are signed for its own bytes; they were left out."
_NO_EXTENSION = "The photo's XMP data are continued in parts that only JPEG has; those were left out."
Part = Literal["EXIF", "XMP"]


@dataclass(frozen=True)
class CarriedMetadata:
    """What a JPEG's metadata say to the pipeline, and what of it goes on to the result."""

    segments: tuple[Segment, ...]
    orientation: int
    space: RgbSpace | None
    """None where the profile is of a kind whose space cannot be worked in; its numbers stay."""
    profile_too_large: bool
    warnings: tuple[str, ...] = ()


def carried_metadata(jpeg: JpegFile, limits: PhotoLimits, *, colored: bool = True) -> CarriedMetadata:
    """Read which segments of a JPEG a version of it keeps as they are, in colour or not, and how they want it seen.

    All but four: a grey ICC profile becomes a colour profile with the same tone curve, so that the untouched luma means
    the same light; what tells of further pictures, gain maps and videos goes, as they do not travel; so do the
    thumbnails of EXIF, JFIF and Photoshop, which show the original, and content credentials, which are signed for the
    original's bytes.
    """
    kept = tuple(
        _without_companions(_without_thumbnail(s))
        for s in _with_joined_resources(jpeg.metadata)
        if not s.payload.startswith((MPF, GAIN_MAP, _JFIF_THUMBNAIL)) and not is_credentials(s)
    )
    further = left_behind(jpeg) + (_CREDENTIALS,) * any(map(is_credentials, jpeg.metadata))
    profile = read_icc(kept)
    too_large = profile is not None and len(profile) > limits.max_icc_bytes
    profile = None if too_large else profile
    if profile is None or (colored and icc.color_space(profile) != "RGB"):
        grey = profile and icc.color_space(profile) == "GRAY"
        kept = with_profile(kept, icc.colored(profile) if profile and grey else None)
    exif = _payload(kept, APP1, _EXIF)
    orientation = read_orientation(exif) if exif else 1
    return CarriedMetadata(kept, orientation, space_of(profile), too_large, further)


def jpeg_with_provenance(jpeg: JpegFile, provenance: Provenance) -> JpegFile:
    """Return the JPEG with a note in its XMP, a new one after its EXIF where it has none."""
    packet = with_provenance(read_xmp(jpeg.metadata), provenance)
    if len(_XMP) + len(packet) > _MAX_PAYLOAD:
        return jpeg
    return jpeg.with_metadata(with_xmp(jpeg.metadata, packet))


def read_xmp(segments: tuple[Segment, ...]) -> bytes | None:
    """Return the XMP packet, without its continuation in further segments."""
    return _payload(segments, APP1, _XMP)


def with_xmp(segments: tuple[Segment, ...], packet: bytes) -> tuple[Segment, ...]:
    """Return the segments with this XMP packet in the place of the old one, or after the EXIF."""
    old = next((s for s in segments if s.marker == APP1 and s.payload.startswith(_XMP)), None)
    kept = [s for s in segments if s is not old]
    # Never between two segments that belong together.
    heads = (i for i, s in enumerate(kept) if s.marker != APP0 and not s.payload.startswith(_EXIF))
    at = segments.index(old) if old else next(heads, len(kept))
    return (*kept[:at], Segment(APP1, _XMP + packet), *kept[at:])


def with_orientation(segments: tuple[Segment, ...], orientation: int) -> tuple[Segment, ...] | None:
    """Return the segments that state this orientation (1..8), in EXIF and where XMP does; None without room for it.

    A damaged EXIF gives way to one that says this alone.
    """
    old = next((s for s in segments if s.marker == APP1 and s.payload.startswith(_EXIF)), None)
    exif = old.payload[len(_EXIF) :] if old and not has_damaged_exif(segments) else None
    stated = Segment(APP1, _EXIF + oriented_exif(without_thumbnail(exif) if exif else None, orientation))
    if len(stated.payload) > _MAX_PAYLOAD:
        return None
    kept = [s for s in segments if s is not old]
    at = next((i for i, s in enumerate(kept) if s.marker != APP0), len(kept))
    turned = (*kept[:at], stated, *kept[at:])
    packet = read_xmp(turned)
    return turned if packet is None else with_xmp(turned, turned_xmp(packet, orientation))


def has_damaged_exif(segments: tuple[Segment, ...]) -> bool:
    """Return whether there is an EXIF that cannot be taken apart."""
    exif = _payload(segments, APP1, _EXIF)
    return exif is not None and not is_readable(exif)


def with_profile(segments: tuple[Segment, ...], profile: bytes | None) -> tuple[Segment, ...]:
    """Return the segments with this ICC profile, or none, in the place of any."""
    kept = tuple(s for s in segments if not _is_icc(s))
    if profile is None:
        return kept
    first = next((i for i, s in enumerate(kept) if s.marker != APP0), len(kept))
    return (*kept[:first], *icc_segments(profile), *kept[first:])


def read_metadata(segments: tuple[Segment, ...]) -> tuple[Metadata, int]:
    """Read what other formats can carry too, and the orientation."""
    exif = _payload(segments, APP1, _EXIF)
    resources = b"".join(s.payload[len(_PHOTOSHOP) :] for s in segments if _is_photoshop(s))
    xmp = read_xmp(segments)
    metadata = Metadata(
        icc=read_icc(segments),
        exif=exif,
        xmp=without_extension(xmp) if xmp else None,
        iptc=photoshop.iptc(resources) if resources else None,
        dpi=_density(_payload(segments, APP0, b"JFIF\x00")),
        resources=photoshop.without_copies(resources) if resources else None,
        comments=tuple(s.payload for s in segments if s.marker == COM),
    )
    return metadata, read_orientation(exif) if exif else 1


def write_segments(metadata: Metadata) -> tuple[Segment, ...]:
    """Return metadata as JPEG segments; what does not fit one segment (64 KiB) is left out, but ICC is split."""
    wanted = [Segment(APP0, _jfif(metadata.dpi)), *(_segment(metadata, part) for part in ("EXIF", "XMP"))]
    wanted += icc_segments(metadata.icc) if metadata.icc else []
    wanted += _photoshop_segments(metadata)
    wanted += [Segment(COM, comment) for comment in metadata.comments]
    return tuple(s for s in wanted if s and len(s.payload) <= _MAX_PAYLOAD)


def fits_segment(metadata: Metadata, part: Part) -> bool:
    """Return whether JPEG has room for this part of the metadata."""
    segment = _segment(metadata, part)
    return segment is None or len(segment.payload) <= _MAX_PAYLOAD


def _segment(metadata: Metadata, part: Part) -> Segment | None:
    if part == "EXIF":
        return Segment(APP1, _EXIF + metadata.exif) if metadata.exif else None
    return Segment(APP1, _XMP + metadata.xmp) if metadata.xmp else None


def _photoshop_segments(metadata: Metadata) -> list[Segment]:
    """Photoshop's resources, IPTC among them, over as many segments as they need."""
    records = photoshop.with_iptc(metadata.iptc) if metadata.iptc else b""
    return _split_resources((metadata.resources or b"") + records)


def _split_resources(resources: bytes) -> list[Segment]:
    parts = [resources[i : i + _ICC_CHUNK] for i in range(0, len(resources), _ICC_CHUNK)]
    return [Segment(APP13, _PHOTOSHOP + part) for part in parts]


def read_icc(segments: tuple[Segment, ...]) -> bytes | None:
    """Join the ICC profile from its numbered segments; None where there is none, or one is missing."""
    parts = {s.payload[12]: s.payload[14:] for s in segments if _is_icc(s) and len(s.payload) > 14}
    profile = b"".join(parts[number] for number in sorted(parts))
    complete = set(parts) == set(range(1, len(parts) + 1))
    return profile if profile and complete else None


def icc_segments(profile: bytes) -> list[Segment]:
    """Split an ICC profile over as many segments as it needs."""
    parts = [profile[i : i + _ICC_CHUNK] for i in range(0, len(profile), _ICC_CHUNK)]
    return [Segment(APP2, _ICC + bytes([i, len(parts)]) + part) for i, part in enumerate(parts, 1)]


def _without_thumbnail(segment: Segment) -> Segment:
    if segment.marker == APP1 and segment.payload.startswith(_EXIF):
        return Segment(APP1, _EXIF + without_thumbnail(segment.payload[len(_EXIF) :]))
    if segment.marker == APP0 and segment.payload.startswith(b"JFIF\x00"):
        return Segment(APP0, segment.payload[:_JFIF_SIZES] + b"\x00\x00")
    return segment


def _without_companions(segment: Segment) -> Segment:
    if segment.marker == APP1 and segment.payload.startswith(_XMP):
        return Segment(APP1, _XMP + without_companions(segment.payload[len(_XMP) :]))
    return segment


def _with_joined_resources(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Take the thumbnails out of Photoshop's block, which may lie in several segments, cut anywhere."""
    block = b"".join(s.payload[len(_PHOTOSHOP) :] for s in segments if _is_photoshop(s))
    kept = photoshop.without_thumbnails(block)
    if kept == block:
        return segments
    first = next(i for i, s in enumerate(segments) if _is_photoshop(s))
    others = [s for s in segments[first:] if not _is_photoshop(s)]
    return *segments[:first], *_split_resources(kept), *others


def _is_photoshop(segment: Segment) -> bool:
    return segment.marker == APP13 and segment.payload.startswith(_PHOTOSHOP)


def extension_lost(segments: tuple[Segment, ...]) -> tuple[str, ...]:
    """Return a sentence where XMP goes on in further segments, which only a JPEG carries."""
    return (_NO_EXTENSION,) * any(s.marker == APP1 and s.payload.startswith(_EXTENDED_XMP) for s in segments)


def is_credentials(segment: Segment) -> bool:
    """Tell whether it is a part of content credentials (C2PA, a JUMBF box): signed for this very file."""
    return segment.marker == APP11 and segment.payload.startswith(b"JP")


def _is_icc(segment: Segment) -> bool:
    return segment.marker == APP2 and segment.payload.startswith(_ICC)


def _payload(segments: tuple[Segment, ...], marker: int, prefix: bytes) -> bytes | None:
    found = (s.payload for s in segments if s.marker == marker and s.payload.startswith(prefix))
    payload = next(found, None)
    return None if payload is None else payload[len(prefix) :]


def _density(jfif: bytes | None) -> tuple[float, float] | None:
    if jfif is None or len(jfif) < 7 or jfif[2] not in (1, 2):
        return None
    across, down = struct.unpack(">HH", jfif[3:7])
    scale = 1.0 if jfif[2] == 1 else 2.54
    return (across * scale, down * scale) if across and down else None


def _jfif(dpi: tuple[float, float] | None) -> bytes:
    unit, across, down = (1, *map(round, dpi)) if dpi else (0, 1, 1)
    return b"JFIF\x00\x01\x01" + struct.pack(">BHHBB", unit, min(across, 65535), min(down, 65535), 0, 0)
