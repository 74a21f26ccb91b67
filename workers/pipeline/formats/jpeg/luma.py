"""JPEG in, JPEG out, with the very luma of the source: only Cb and Cr are made.

A grey JPEG's scans are copied byte by byte; Cb and Cr follow as scans of their own, which baseline and
progressive JPEG both allow (T.81, non-interleaved order). Of a colour JPEG, the luma coefficients are first
written as a grey JPEG of their own Huffman codes, without being decoded to pixels. jpeglib does that. It has no
wheel for Linux on arm64; where it is not installed, a colour JPEG is decoded and encoded anew.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import UnsupportedFormat
from photochrom.photo.film import Weights

from ...color.chroma_table import chroma_of
from ...color.space import SRGB, RgbSpace
from ...color.upsample import RowSource
from .coefficients import can_rewrite, grey_of, rewritten
from .file import (
    APP14,
    BASELINE,
    DHT,
    DQT,
    DRI,
    EXTENDED,
    LOSSLESS,
    PROGRESSIVE,
    SOS,
    Component,
    Frame,
    JpegFile,
    Segment,
    table_identifiers,
    tables,
)
from .markers import is_rgb
from .pixels import decode_jpeg

Bytes = NDArray[np.uint8]

_GREYS = np.asarray(np.arange(256) / 255, np.float32)
_SMALL_PHOTO = 2_000_000
_STRIP = 128
_INKS = 4
# T.81, table K.2, by rows.
_CHROMA_STEPS = (
    *(17, 18, 24, 47, 99, 99, 99, 99),
    *(18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99),
    *(99,) * 32,
)
_ZERO = np.zeros(1)  # adding it converts: rounded, saturated, in one go


@dataclass(frozen=True)
class LumaSource:
    """The luma of a JPEG as coefficients, and as pixels at the size at which its chroma is made."""

    jpeg: JpegFile
    """A grey JPEG; its metadata is the source's."""
    luma: Bytes
    """(h, w): full size for small photos, else half size."""
    colored: bool
    """Whether the source had colour."""
    warnings: tuple[str, ...] = ()

    @property
    def chroma_factor(self) -> int:
        """How many luma samples one chroma sample covers each way: 1 or 2."""
        return 1 if self.luma.shape[1] == self.jpeg.frame.width else 2


def check_coding(frame: Frame) -> None:
    """Raise `UnsupportedFormat` for kinds of JPEG that no decoder of ours reads."""
    if frame.marker == LOSSLESS or frame.marker > 0xCA or 0xC5 <= frame.marker <= 0xC7:
        raise UnsupportedFormat(
            "This is a lossless or hierarchical JPEG; save it as an ordinary JPEG, PNG or TIFF."
        )
    if frame.precision != 8:
        raise UnsupportedFormat(f"This is a {frame.precision}-bit JPEG; save it as 16-bit PNG or TIFF.")
    if len(frame.components) not in (1, 3, 4):
        raise UnsupportedFormat(f"This JPEG has {len(frame.components)} components; save it as RGB or grey.")


def has_exact_luma(jpeg: JpegFile) -> bool:
    """Return whether the first component is luma at full resolution that can be carried over here."""
    frame = jpeg.frame
    if frame.marker not in (BASELINE, EXTENDED, PROGRESSIVE) or len(frame.components) == _INKS:
        return False
    first, *others = frame.components
    # Frames of films leave out the usual codes; of components of one name no two decoders think alike.
    if not any(s.marker == DHT for s in jpeg.coding) or len({c.identifier for c in frame.components}) <= len(
        others
    ):
        return False
    full_size = all(c.horizontal <= first.horizontal and c.vertical <= first.vertical for c in others)
    return not others or (can_rewrite() and full_size and not is_rgb(jpeg))


def read_luma(data: bytes, jpeg: JpegFile) -> LumaSource:
    """Decode the luma at the size that chroma needs, and keep its coefficients.

    Raises:
        UnreadablePhoto: the picture is damaged.
    """
    factor = 1 if jpeg.frame.height * jpeg.frame.width <= _SMALL_PHOTO else 2
    pixels, warnings = decode_jpeg(data, jpeg, "GRAY", factor)
    luma = np.asarray(pixels[..., 0], np.uint8)
    if len(jpeg.frame.components) == 1:
        return LumaSource(jpeg, luma, colored=False, warnings=warnings)
    grey, colored = without_chroma(jpeg)
    return LumaSource(grey.with_metadata(jpeg.metadata), luma, colored, warnings)


def decode_small(data: bytes, source: LumaSource, least: tuple[int, ...] = (0, 0)) -> Bytes:
    """Decode the source at an eighth of its size or, where that is below `least`, at more; with its colour (h, w, 3).

    Grey comes as (h, w).
    """
    if not source.colored:
        return source.luma[::4, ::4]
    sides = source.jpeg.frame.height, source.jpeg.frame.width
    fits = (f for f in (8, 4, 2) if all(side >= f * small for side, small in zip(sides, least, strict=True)))
    return decode_jpeg(data, source.jpeg, "RGB", next(fits, 1)).pixels


def lightness_of_luma(luma: Bytes, space: RgbSpace = SRGB) -> NDArray[np.float32]:
    """Return L* of luma bytes seen as grey."""
    return np.asarray(cv2.LUT(luma, space.lightness_of_grey(_GREYS)), np.float32)


def make_chroma(
    luma: Bytes, colour: RowSource, space: RgbSpace = SRGB, film: Weights | None = None
) -> tuple[Bytes, Bytes]:
    """Return the Cb and Cr planes (h, w) of a luma plane, or of one that the film sees so, strip by strip."""
    planes = np.empty((2, *luma.shape), np.uint8)
    for start in range(0, len(luma), _STRIP):
        strip = luma[start : start + _STRIP]
        ab = colour.rows(start, lightness_of_luma(strip, space)) + 128
        a, b = (cv2.add(plane, _ZERO, dtype=cv2.CV_8U) for plane in ab)
        chroma = chroma_of(strip, np.asarray(a, np.uint8), np.asarray(b, np.uint8), space, film)
        planes[:, start : start + _STRIP] = np.moveaxis(chroma, -1, 0)
    return planes[0], planes[1]


def join(source: LumaSource, planes: tuple[bytes, bytes]) -> bytes:
    """Return the source's luma and the given Cb and Cr, each a grey JPEG, as one JPEG."""
    luma, factor = source.jpeg, source.chroma_factor
    chroma = [JpegFile.read(plane) for plane in planes]
    table = _other_table(luma)
    quantization = Segment(DQT, bytes([table]) + _first(chroma[0], DQT).payload[1:65])
    first = replace(luma.frame.components[0], identifier=1, horizontal=factor, vertical=factor)
    components = (first, Component(2, 1, 1, table), Component(3, 1, 1, table))
    segments = [s for s in luma.metadata if s.marker != APP14]
    coding = [s for part in luma.coding for s in _without_table(part, table)]
    segments += [quantization, *(_of_component(s, 1) for s in coding)]
    if any(s.marker == DRI for s in luma.coding):
        segments.append(Segment(DRI, b"\x00\x00"))
    for identifier, plane in enumerate(chroma, 2):
        segments += [_of_component(s, identifier) for s in plane.coding if s.marker != DQT]
    return bytes(JpegFile(replace(luma.frame, components=components), tuple(segments), complete=True))


def encode_chroma(plane: Bytes, quality: int, *, progressive: bool) -> bytes:
    """Encode a plane of chroma as a grey JPEG, with the table made for chroma and Huffman codes of its own."""
    with tempfile.SpooledTemporaryFile() as file:
        # A progressive frame takes progressive scans only.
        Image.fromarray(plane).save(
            file, "JPEG", qtables=[_chroma_table(quality)], optimize=True, progressive=progressive
        )
        file.seek(0)
        return file.read()


def _chroma_table(quality: int) -> list[int]:
    """T.81's chroma table, scaled by a quality of 1 to 100 as the Independent JPEG Group's encoder does."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(max((step * scale + 50) // 100, 1), 255) for step in _CHROMA_STEPS]


def without_chroma(jpeg: JpegFile) -> tuple[JpegFile, bool]:
    """Write the luma coefficients as a grey JPEG; tell whether any chroma block was not neutral.

    Raises:
        UnreadablePhoto: the picture is damaged.
    """
    colored = False

    def luma_alone(picture: Any) -> Any:
        nonlocal colored
        colored = any(bool(plane[..., 0, 0].any()) for plane in (picture.Cb, picture.Cr))
        return grey_of(picture.Y, picture.qt[picture.quant_tbl_no[0]])

    grey = rewritten(jpeg, luma_alone)
    return grey, colored


def _other_table(jpeg: JpegFile) -> int:
    """An identifier for the chroma's quantisation table: one that the file does not define, or that its luma leaves."""
    used = {i for s in jpeg.coding if s.marker == DQT for i in table_identifiers(s.payload)}
    of_luma = jpeg.frame.components[0].table
    return next((i for i in range(4) if i not in used | {of_luma}), (of_luma + 1) % 4)


def _without_table(segment: Segment, identifier: int) -> Iterator[Segment]:
    """The segment, without a quantisation table that the luma does not use, and that would replace the chroma's."""
    if segment.marker != DQT:
        yield segment
    elif kept := b"".join(t for t in tables(segment.payload) if t[0] & 15 != identifier):
        yield replace(segment, payload=kept)


def _of_component(segment: Segment, identifier: int) -> Segment:
    if segment.marker != SOS:
        return segment
    return replace(segment, payload=segment.payload[:1] + bytes([identifier]) + segment.payload[2:])


def _first(jpeg: JpegFile, marker: int) -> Segment:
    return next(s for s in jpeg.segments if s.marker == marker)
