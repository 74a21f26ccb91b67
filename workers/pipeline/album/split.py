"""From the bytes of a page to the files of its photographs."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoRejected
from photochrom.photo.frames import Frame
from photochrom.photo.sniff import PhotoFormat

from ..decode import decode_unconverted
from ..encode import encode
from ..formats.jpeg import cut as jpeg_cut
from ..formats.jpeg import luma as jpeg_luma
from ..formats.jpeg.coefficients import can_rewrite
from ..formats.jpeg.file import Frame as JpegFrame
from ..formats.jpeg.file import JpegFile, read_frame
from ..formats.jpeg.metadata import carried_metadata, read_xmp, with_xmp
from ..formats.jpeg.pixels import decode_upright
from ..left_out import losses, losses_of_pixels
from ..limits import PhotoLimits
from ..metadata.provenance import Step
from ..metadata.xmp import with_steps
from ..photo import Photo, Samples, to_8bit
from ..previews import preview_of_jpeg, preview_of_pixels
from ..structure import format_of
from .find import SIDE, find_frames
from .network import Album
from .turn import bounds, cut_out, is_straight

QUALITY = 95
"""Of photographs that are turned and encoded anew."""
MOST_PREVIEWS = 60
"""Of so many pages."""
_INKS = 4
_GREY_FORMATS = (PhotoFormat.JPEG, PhotoFormat.PNG, PhotoFormat.TIFF)


class NoSuchPage(PhotoRejected):
    """The file has fewer pages than were named."""

    code = "no-such-page"


_AS_IT_WAS = "as it was"


@dataclass(frozen=True)
class Page:
    """A page and the photographs found on it."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    """None of them: the page is one photograph."""
    preview: bytes = b""
    """A small upright JPEG, where one was asked for."""


@dataclass(frozen=True)
class Cut:
    """One photograph of a page, as a file."""

    data: bytes
    format: PhotoFormat
    width: int
    height: int
    page: int
    """Of the file, from 0."""
    exact: bool
    """Whether no pixel or coefficient was changed."""
    warnings: tuple[str, ...] = ()


def find_pages(
    data: bytes, limits: PhotoLimits, preview_side: int = 0, album: Album | None = None
) -> list[Page]:
    """Find the photographs on each page of a file, upright.

    Args:
        data: the file.
        limits: checked on its header.
        preview_side: longest side in pixels of previews, which the first `MOST_PREVIEWS` pages have; 0 makes none.
        album: the networks that find them; by default those that are shipped.

    Raises:
        PhotoRejected: the file cannot be read, or is too large.
    """
    photo_format = format_of(data, limits)
    if photo_format is PhotoFormat.JPEG:
        frame = _checked_frame(data, limits)
        if len(frame.components) < _INKS:
            return [_jpeg_page(data, frame, preview_side, album)]
    photos = decode_unconverted(data, photo_format, limits)
    sides = [preview_side if number < MOST_PREVIEWS else 0 for number in range(len(photos))]
    return [_pixels_page(photo.pixels, side, album) for photo, side in zip(photos, sides, strict=True)]


def cut_pages(data: bytes, pages: Sequence[Sequence[Frame]], limits: PhotoLimits) -> Iterator[Cut]:
    """Yield the photographs in these frames of each page, page by page.

    Photographs that lie straight keep a JPEG's coefficients, grown outwards to whole blocks, or the pixels of other
    formats. Those that lie askew are turned once. Metadata stay, with a step in their history.

    Raises:
        PhotoRejected: the file cannot be read, is too large, or has fewer pages.
    """
    photo_format = format_of(data, limits)
    digest = hashlib.sha256(data).hexdigest()
    if photo_format is PhotoFormat.JPEG and _cuts_exactly(data, limits):
        yield from _cut_jpeg(data, pages[0] if pages else (), digest, limits)
        return
    photos = decode_unconverted(data, photo_format, limits)
    if len(pages) > len(photos):
        raise NoSuchPage(f"The file has {len(photos)} pages; frames were given for {len(pages)}.")
    for number, frames in enumerate(pages):
        for frame in frames:
            yield _cut_pixels(photos[number], frame, digest, number)


def _cut_jpeg(data: bytes, frames: Sequence[Frame], digest: str, limits: PhotoLimits) -> Iterator[Cut]:
    jpeg = JpegFile.read(data)
    carried = carried_metadata(jpeg, limits, colored=False)
    straight = [frame for frame in frames if is_straight(frame) and abs(frame.angle) < 45]
    parts = {id(frame): _stored(frame, jpeg, carried.orientation) for frame in straight}
    exact = jpeg_cut.cut(jpeg, list(parts.values())) if parts else iter(())
    photos: list[Photo] = []
    for frame in frames:
        if id(frame) not in parts:
            photos = photos or decode_unconverted(data, PhotoFormat.JPEG, limits)
            yield _cut_pixels(photos[0], frame, digest, 0)
            continue
        piece = next(exact).with_metadata(carried.segments)
        packet = with_steps(read_xmp(piece.metadata), _step(frame, digest, 0, _AS_IT_WAS))
        noted = piece.with_metadata(with_xmp(piece.metadata, packet))
        height, width = piece.frame.height, piece.frame.width
        if carried.orientation >= 5:
            height, width = width, height
        yield Cut(bytes(noted), PhotoFormat.JPEG, width, height, 0, exact=True, warnings=carried.warnings)


def _cuts_exactly(data: bytes, limits: PhotoLimits) -> bool:
    _checked_frame(data, limits)
    return can_rewrite() and jpeg_luma.has_exact_luma(JpegFile.read(data))


def _stored(frame: Frame, jpeg: JpegFile, orientation: int) -> jpeg_cut.Part:
    """Return where a frame of the upright page lies on the page as it is stored."""
    height, width = jpeg.frame.height, jpeg.frame.width
    tall, wide = (width, height) if orientation >= 5 else (height, width)
    rows, columns = bounds(frame, tall, wide)
    return _turned_back((rows.start, rows.stop), (columns.start, columns.stop), (height, width), orientation)


def _turned_back(
    rows: tuple[int, int], columns: tuple[int, int], size: tuple[int, int], orientation: int
) -> jpeg_cut.Part:
    tall, wide = size[::-1] if orientation >= 5 else size
    if orientation in (3, 4, 7, 8):
        rows = tall - rows[1], tall - rows[0]
    if orientation in (2, 3, 6, 7):
        columns = wide - columns[1], wide - columns[0]
    if orientation >= 5:
        rows, columns = columns, rows
    return jpeg_cut.Part(*rows, *columns)


def _cut_pixels(page: Photo, frame: Frame, digest: str, number: int) -> Cut:
    target = page.format.result
    pixels = cut_out(page.pixels, frame)
    if pixels.ndim == 2 and target not in _GREY_FORMATS:
        pixels = cv2.merge([pixels] * 3)
    way = _way(frame, page)
    exact = way == _AS_IT_WAS and target is page.format and page.lossless
    step = _step(frame, digest, number, way)
    metadata = replace(page.metadata, xmp=with_steps(page.metadata.xmp, step), geo=None)
    alpha = None if page.alpha is None else cut_out(page.alpha, frame)
    photo = replace(page, pixels=pixels, alpha=alpha, metadata=metadata)
    warnings = (*page.warnings, *losses(metadata, target), *losses_of_pixels(photo, target))
    height, width = pixels.shape[:2]
    return Cut(encode([photo], target, QUALITY), target, width, height, number, exact, warnings)


def _way(frame: Frame, page: Photo) -> str:
    """Return what happens to the pixels of a page that are cut out."""
    converted, turned = "made sRGB" * page.converted, "turned by Lanczos, 8 x 8" * (not is_straight(frame))
    return " and ".join(filter(None, (converted, turned))) or _AS_IT_WAS


def _step(frame: Frame, digest: str, page: int, way: str) -> Step:
    place = {name: round(value, 2) for name, value in frame.model_dump().items()}
    return Step("cropped", {"frame": place, "page": page + 1, "page_sha256": digest, "pixels": way})


def _jpeg_page(data: bytes, frame: JpegFrame, preview_side: int, album: Album | None) -> Page:
    """Find the photographs on a page of light, not of inks: it is decoded small."""
    turned, orientation = decode_upright(data, JpegFile.read(data), SIDE)
    sides = (frame.height, frame.width) if orientation < 5 else (frame.width, frame.height)
    preview = preview_of_jpeg(data, orientation, preview_side) if preview_side else b""
    return _page(_small(turned), *sides, preview, album)


def _pixels_page(pixels: Samples, preview_side: int, album: Album | None) -> Page:
    height, width = pixels.shape[:2]
    preview = preview_of_pixels(pixels, preview_side) if preview_side else b""
    return _page(_small(pixels), height, width, preview, album)


def _checked_frame(data: bytes, limits: PhotoLimits) -> JpegFrame:
    frame = read_frame(data)
    limits.check_size(frame.height, frame.width)
    jpeg_luma.check_coding(frame)
    return frame


def _small(pixels: Samples) -> NDArray[np.uint8]:
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small: Samples = (
        np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)) if scale < 1 else pixels
    )
    return to_8bit(small)


def _page(small: NDArray[np.uint8], height: int, width: int, preview: bytes, album: Album | None) -> Page:
    scale = max(height, width) / max(small.shape[:2])
    return Page(width, height, tuple(frame.scaled(scale) for frame in find_frames(small, album)), preview)
