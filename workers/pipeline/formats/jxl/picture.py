"""JPEG XL: from a file to pixels and back, grey or colour, 8 or 16 bits."""

from dataclasses import replace

import imagecodecs
import numpy as np

from photochrom.color import linear
from photochrom.errors import PhotochromError, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ...color.profile import HDR, UNREAD
from ...limits import PhotoLimits
from ...parallel import threads
from ...photo import Metadata, Photo, Samples, full_range, turned_metadata, unmultiplied
from ..damage import damaged
from ..jp2_boxes import read_boxes
from .boxes import codestream_of, left_behind, read_metadata, with_metadata
from .colors import HDR_CURVES, srgb_bits
from .header import ALPHA, BLACK, Header, read_header
from .profile import read_profile

# Of libjxl, 1 to 10: 3 takes twice the time, and saves 2 % of 16-bit scans.
_EFFORT = 2
# Effort 1 packs by parts where nothing is lost: a third of the memory and of the time, 6 to 9 % larger files.
_EFFORT_FOR_LARGE, _LARGE = 1, 25_000_000
_MORE_CHANNELS = "The JPEG XL has channels beside colour and transparency; they were left out."
_SEVERAL = "The JPEG XL has several pictures; only the first was colorized."
_TURNED = 5
_MOST_SAMPLES, _USUAL_SAMPLES = 8, 5


def read_jxl(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a file, or a bare codestream; of an animation, its first picture. It comes upright.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: not of 1 to 16 bits, or in inks.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    codestream = codestream_of(data)
    header = read_header(codestream)
    limits.check_size(header.height, header.width)
    _check_kind(header)
    _check_room(header, limits)
    codestream, profile, known = _settled(codestream, header)
    samples = full_range(_decoded(codestream, header), header.bits)
    colors = 1 if header.encoding.space else 3
    pixels, alpha = _parted(samples, header, colors)
    metadata = turned_metadata(read_metadata(data, limits), header.orientation)
    lost = set(header.channels) - {ALPHA} or header.channels.count(ALPHA) > 1
    warnings = (_MORE_CHANNELS,) * bool(lost) + (_SEVERAL,) * header.animated
    if hdr := HDR_CURVES.get(header.encoding.curve):
        warnings += (HDR.format(hdr),)
    elif not known:
        warnings += (UNREAD,)
    warnings += left_behind(data)
    metadata = replace(metadata, icc=profile)
    return Photo(pixels, PhotoFormat.JXL, metadata, alpha, 1, warnings, lossless=not header.xyb)


def write_jxl(
    pixels: Samples, alpha: Samples | None, metadata: Metadata, quality: int, *, lossless: bool
) -> bytes:
    """Encode (H, W) grey or (H, W, 3) RGB, in sRGB, 8 or 16 bits; quality is that of a JPEG unless lossless."""
    samples = pixels
    deep = pixels.dtype == np.uint16
    if deep and not lossless:
        # libjxl is told by imagecodecs that 16 bits are linear light.
        samples = _LINEAR.take(pixels)
    if alpha is not None:
        samples = np.dstack([samples, alpha])
    wanted = {"lossless": True} if lossless else {"level": quality}
    large = lossless and pixels.shape[0] * pixels.shape[1] > _LARGE
    effort = _EFFORT_FOR_LARGE if large else _EFFORT
    packed = bytes(imagecodecs.jpegxl_encode(samples, effort=effort, numthreads=threads(), **wanted))
    boxes = [] if packed.startswith(b"\xff\x0a") else [box for box in read_boxes(packed) if box[0] == b"jxll"]
    codestream = codestream_of(packed)
    return with_metadata(as_srgb(codestream) if deep else codestream, boxes, metadata)


def _check_kind(header: Header) -> None:
    if header.floats or header.bits > 16:
        kind = "floating-point numbers" if header.floats else f"{header.bits} bits"
        raise UnsupportedFormat(f"This JPEG XL is of {kind}; save it with 8 or 16 bits.")
    if BLACK in header.channels:
        raise UnsupportedFormat("This JPEG XL is in CMYK; save it as RGB or grey.")


def _check_room(header: Header, limits: PhotoLimits) -> None:
    """Channels beside colour take memory as colours do: of large pictures there may not be many."""
    samples = (1 if header.encoding.space == 1 else 3) + len(header.channels)
    if samples > _MOST_SAMPLES:
        raise UnsupportedFormat(f"This JPEG XL has {samples} channels; save it as grey or RGB.")
    if samples > _USUAL_SAMPLES:
        limits.check_area(header.height * samples, -(-header.width // _USUAL_SAMPLES))


def _decoded(codestream: bytes, header: Header) -> Samples:
    try:
        samples = np.asarray(imagecodecs.jpegxl_decode(codestream, index=0, numthreads=threads()))
    except PhotochromError:
        raise
    except Exception as error:  # the decoder has errors of its own
        raise damaged("JPEG XL") from error
    size = (header.height, header.width)[:: -1 if header.orientation >= _TURNED else 1]
    grey = header.encoding.space == 1
    if grey and header.channels and ALPHA not in header.channels:
        samples = samples[0]  # planes, the grey one first
    if samples.shape[:2] != size:
        raise UnreadablePhoto("The JPEG XL is damaged: its picture is not of the size that its header says.")
    return samples


def _parted(samples: Samples, header: Header, colors: int) -> tuple[Samples, Samples | None]:
    planes = samples if samples.ndim == 3 else samples[..., None]
    pixels = np.ascontiguousarray(planes[..., 0] if colors == 1 else planes[..., :3])
    if planes.shape[2] == colors:
        return pixels, None
    alpha = np.ascontiguousarray(planes[..., colors])
    return (unmultiplied(pixels, alpha) if header.multiplied else pixels), alpha


def _settled(codestream: bytes, header: Header) -> tuple[bytes, bytes | None, bool]:
    """Return a codestream to decode, the profile of what comes out of it (None is sRGB), and whether it is known.

    What is coded in the eye's colours needs no profile: it comes out as the header says, so sRGB is said there.
    """
    profile, end = None, None
    if header.encoding.has_icc:
        profile, end = read_profile(codestream, header.end)
    if header.xyb:
        return as_srgb(codestream, end), None, True
    if header.encoding.has_icc:
        return codestream, profile, profile is not None
    return (codestream, *header.encoding.profile())


def as_srgb(codestream: bytes, end: int | None = None) -> bytes:
    """Return a codestream with sRGB in its header in place of what is said there of its numbers.

    Args:
        codestream: as it is.
        end: the bit behind its profile, if it has one.
    """
    header = read_header(codestream)
    start, stop = header.encoding_bits
    if not stop:  # all is as usual, and so is this
        return codestream
    said = int.from_bytes(codestream[: -(-header.end // 8)], "little") & ((1 << header.end) - 1)
    tail, before = said >> stop, said & ((1 << start) - 1)
    word, size = srgb_bits(header.encoding.space)
    anew = before | word << start | tail << start + size
    # Frames begin at a whole byte.
    return (
        anew.to_bytes(-(-(header.end - stop + start + size) // 8), "little")
        + codestream[-(-(end or header.end) // 8) :]
    )


_LINEAR = np.rint(np.asarray(linear(np.arange(65536) / 65535)) * 65535).astype(np.uint16)
