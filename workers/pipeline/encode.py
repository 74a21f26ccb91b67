"""From pixels to the bytes of a file: which format a result has, and how each is written."""

from dataclasses import replace

from photochrom.photo.options import ColorizeOptions, OutputFormat
from photochrom.photo.sniff import PhotoFormat

from . import notes
from .formats.jp2 import write_jp2
from .formats.jpeg.metadata import fits_segment
from .formats.jpeg.pixels import write_jpeg
from .formats.jxl.picture import write_jxl
from .formats.png import write_png
from .formats.stills import write_still
from .formats.tiff.writer import DEFLATE, TiffPage, write_pages, write_tiff
from .left_out import losses
from .metadata.provenance import Provenance
from .metadata.xmp import with_provenance
from .photo import Metadata, Photo, laid_out


def output_format(source: PhotoFormat, options: ColorizeOptions) -> PhotoFormat:
    """Return the format of the result."""
    return source.result if options.format is OutputFormat.SAME else PhotoFormat(options.format.value)


def encode(photos: list[Photo], target: PhotoFormat, quality: int) -> bytes:
    """Write one photograph in any format, or several as the pages of a TIFF."""
    return _one(photos[0], target, quality) if len(photos) == 1 else _pages(photos)


def noted_metadata(
    metadata: Metadata, target: PhotoFormat, provenance: Provenance
) -> tuple[Metadata, tuple[str, ...]]:
    """Return the metadata with a note of the model where there is room for it, and what the format cannot hold."""
    noted = replace(metadata, xmp=with_provenance(metadata.xmp, provenance))
    if target is PhotoFormat.JPEG and not fits_segment(noted, "XMP"):
        return metadata, (notes.NO_ROOM, *losses(metadata, target))
    return noted, losses(noted, target)


def _pages(photos: list[Photo]) -> bytes:
    return write_pages(
        [TiffPage(p.pixels, p.alpha, p.metadata, p.compression or DEFLATE, p.tile) for p in photos]
    )


def _one(photo: Photo, target: PhotoFormat, quality: int) -> bytes:
    alpha = None if photo.alpha is None else laid_out(photo.alpha)
    photo = replace(photo, pixels=laid_out(photo.pixels), alpha=alpha)
    if target is PhotoFormat.PNG:
        return write_png(photo.pixels, photo.alpha, photo.metadata)
    if target is PhotoFormat.TIFF:
        return write_tiff(photo.pixels, photo.alpha, photo.metadata, photo.compression or DEFLATE, photo.tile)
    if target is PhotoFormat.JPEG:
        return write_jpeg(photo.pixels, photo.metadata, quality)
    if target is PhotoFormat.JP2:
        return write_jp2(photo.pixels, photo.alpha, photo.metadata, quality, lossless=photo.lossless)
    if target is PhotoFormat.JXL:
        return write_jxl(photo.pixels, photo.alpha, photo.metadata, quality, lossless=photo.lossless)
    return write_still(photo, target, quality)
