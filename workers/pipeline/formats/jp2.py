"""JPEG 2000 (ISO/IEC 15444-1): its boxes carry the metadata, OpenJPEG codes the pixels, 1 to 16 bits."""

import struct
from dataclasses import dataclass, replace

import imagecodecs
import numpy as np

from photochrom.errors import PhotochromError, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..color.spaces import from_cmyk, from_ycc
from ..limits import PhotoLimits
from ..metadata import icc
from ..metadata.orientation import read_orientation
from ..photo import Metadata, Photo, Samples, full_range, unmultiplied
from .damage import damaged
from .jp2_boxes import SIGNATURE, make_box, read_boxes, read_metadata, with_metadata
from .jp2_channels import Channels, Space, read_channels

_START, _COD, _TILE = b"\xff\x4f\xff\x51", b"\xff\x52", b"\xff\x90"
_TWO_SIZES = "The JPEG 2000 is damaged: its picture is not of the size that its header says."
_RARE_SHARE = "This JPEG 2000 keeps its colours at an unusual share of its size; save it without subsampling."
_REVERSIBLE = 1
_MOST_PADDING = 4096
_SRGB = b"\x01\x00\x00\x00\x00\x00\x10"


@dataclass(frozen=True)
class _Header:
    height: int
    width: int
    components: int
    bits: int
    signed: bool
    reversible: bool
    steps: tuple[tuple[int, int], ...]
    """Of each component, how many pixels across and down one sample covers."""


def read_jp2(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a JP2 file or a bare codestream.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: more than 16 bits, or neither grey nor colour.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    header = _read_header(data)
    limits.check_size(header.height, header.width)
    if header.bits > 16 or header.components > 5:
        raise UnsupportedFormat(
            f"This JPEG 2000 has {header.components} components of {header.bits} bits; save it as RGB or grey."
        )
    subsampled = len(set(header.steps)) > 1
    if header.steps[0] != (1, 1) or (subsampled and header.components != 3):
        raise UnsupportedFormat(
            "This JPEG 2000 has fewer samples than pixels in more than its colours; save it without subsampling."
        )
    # Programs that add metadata put their boxes behind the codestream.
    if b"\xff\xd9" not in _codestream(data).rstrip(b"\x00")[-_MOST_PADDING:]:
        raise UnreadablePhoto("The JPEG 2000 is truncated: the end of its codestream is missing.")
    channels = read_channels(data, header.components, subsampled=subsampled)
    try:
        samples = _decode(data, header, channels)
    except PhotochromError:
        raise
    except NotImplementedError as error:
        raise (UnsupportedFormat(_RARE_SHARE) if subsampled else damaged("JPEG 2000")) from error
    except Exception as error:  # the decoder has errors of its own
        raise damaged("JPEG 2000") from error
    if samples.shape[:2] != (header.height, header.width):
        raise UnreadablePhoto(_TWO_SIZES)
    metadata = read_metadata(data)
    orientation = read_orientation(metadata.exif) if metadata.exif else 1
    photo = Photo(samples, PhotoFormat.JP2, metadata, None, orientation, lossless=header.reversible)
    return _with_colors(photo, channels, limits)


def write_jp2(
    pixels: Samples, alpha: Samples | None, metadata: Metadata, quality: int, *, lossless: bool
) -> bytes:
    """Encode (H, W, 3) RGB, 8 or 16 bits; quality 1..100 means 30 to 60 dB unless lossless."""
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    if lossless:
        packed = imagecodecs.jpeg2k_encode(samples, level=0, codecformat="jp2", reversible=True)
    else:
        packed = imagecodecs.jpeg2k_encode(
            samples, level=30 + round(quality * 0.3), codecformat="jp2", reversible=False
        )
    return with_metadata(bytes(packed), metadata)


def _decode(data: bytes, header: _Header, channels: Channels) -> Samples:
    """Decode to (H, W, components) of the full range; OpenJPEG is not shown the profile, which it would apply."""
    source = _without_profile(data) if channels.palette_bits else _codestream(data)
    samples = np.asarray(imagecodecs.jpeg2k_decode(source))
    if samples.dtype.kind == "i":
        samples = samples.astype(np.int32) + (1 << header.bits - 1)
        samples = samples.astype(np.uint8 if header.bits <= 8 else np.uint16)
    bits = channels.palette_bits or header.bits
    samples = full_range(samples, bits)
    return samples if samples.ndim == 3 else samples[..., None]


def _with_colors(photo: Photo, channels: Channels, limits: PhotoLimits) -> Photo:
    """Part the samples into grey or sRGB, and alpha."""
    samples, metadata, warnings = photo.pixels, photo.metadata, photo.warnings
    colors = np.ascontiguousarray(samples[..., channels.colors])
    alpha = None if channels.alpha is None else np.ascontiguousarray(samples[..., channels.alpha])
    if colors.shape[2] == 1:
        colors = colors[..., 0]
    if alpha is not None and channels.multiplied:
        colors = unmultiplied(colors, alpha)
    if channels.space is Space.YCC:
        colors = from_ycc(colors)
    if channels.space is Space.CMYK:
        usable = metadata.icc and len(metadata.icc) <= limits.max_icc_bytes
        colors, sentence = from_cmyk(colors, metadata.icc if usable else None)
        metadata, warnings = replace(metadata, icc=icc.srgb()), (*warnings, sentence)
    return replace(photo, pixels=colors, alpha=alpha, metadata=metadata, warnings=warnings)


def _read_header(data: bytes) -> _Header:
    """Read SIZ and COD of the codestream that a decoder takes: the first `jp2c` box, or the bare file."""
    code = _codestream(data)
    count = int.from_bytes(code[40:42], "big")
    if not code.startswith(_START) or len(code) < 42 + 3 * max(count, 1):
        raise UnreadablePhoto("The JPEG 2000 ends before its picture begins; the file is truncated.")
    width, height, left, top = struct.unpack(">4I", code[8:24])
    depths = set(code[42 : 42 + 3 * count : 3])
    if width <= left or height <= top or not count:
        raise UnreadablePhoto("The JPEG 2000's header is damaged.")
    if len(depths) > 1:
        raise UnsupportedFormat("This JPEG 2000 has components of different depth; save it as RGB or grey.")
    depth = depths.pop()
    steps = tuple((code[43 + 3 * i], code[44 + 3 * i]) for i in range(count))
    size = height - top, width - left
    _check_box(data, size)
    return _Header(*size, count, (depth & 0x7F) + 1, depth > 0x7F, _is_reversible(code), steps)


def _check_box(data: bytes, size: tuple[int, int]) -> None:
    """Refuse a file whose box around the codestream states another size: memory may go by either."""
    if not data.startswith(SIGNATURE):
        return
    header = next((payload for kind, payload in read_boxes(data) if kind == b"jp2h"), b"")
    stated = next((payload for kind, payload in read_boxes(header) if kind == b"ihdr"), b"")
    if len(stated) >= 8 and struct.unpack(">2I", stated[:8]) != size:
        raise UnreadablePhoto(_TWO_SIZES)


def _codestream(data: bytes) -> bytes:
    if data.startswith(_START):
        return data
    return next((payload for kind, payload in read_boxes(data) if kind == b"jp2c"), b"")


def _without_profile(data: bytes) -> bytes:
    """The file with an enumerated colour space in place of its profile, and with nothing but its picture."""
    parts = []
    for kind, payload in read_boxes(data):
        if kind == b"jp2h":
            header = [(k, p) for k, p in read_boxes(payload) if k != b"colr"]
            payload = b"".join(make_box(k, p) for k, p in (*header, (b"colr", _SRGB)))
        if kind in (b"jP  ", b"ftyp", b"jp2h", b"jp2c"):
            parts.append(make_box(kind, payload))
    return b"".join(parts)


def _is_reversible(code: bytes) -> bool:
    """Whether COD among the main header's segments asks for the reversible wavelet."""
    position = 2
    while code[position : position + 1] == b"\xff" and (marker := code[position : position + 2]) != _TILE:
        if marker == _COD:
            return code[position + 13 : position + 14] == bytes([_REVERSIBLE])
        position += 2 + int.from_bytes(code[position + 2 : position + 4], "big")
    return False
