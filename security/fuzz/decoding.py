"""Decodes a file of any format to an upright photo, as the worker does before it runs the network."""

import numpy as np

from photochrom.errors import PhotoRejected
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff
from workers.pipeline.decode import decode
from workers.pipeline.formats.jpeg import luma
from workers.pipeline.formats.jpeg.file import JpegFile, read_frame
from workers.pipeline.formats.jpeg.metadata import carried_metadata
from workers.pipeline.limits import PhotoLimits

from . import pictures

# Small, so that inputs that take much memory in spite of the limits are found.
LIMITS = PhotoLimits(max_pixels=250_000, max_icc_bytes=64 << 10, max_metadata_bytes=16 << 10)


def seeds() -> list[bytes]:
    """Return a picture of every kind."""
    return pictures.every_kind()


def check(data: bytes) -> None:
    """Expect a photo within the limits, or a refusal."""
    try:
        photo_format = sniff(data[:HEAD_BYTES])
        if photo_format is PhotoFormat.JPEG:
            _read_luma(data)
        photo = decode(data, photo_format, LIMITS)
    except PhotoRejected as refusal:
        assert str(refusal).endswith(".")
        return
    height, width = photo.pixels.shape[:2]
    assert 0 < height * width <= LIMITS.max_pixels
    assert photo.pixels.dtype in (np.uint8, np.uint16)
    assert photo.pixels.shape[2:] in ((), (3,))
    assert photo.alpha is None or photo.alpha.shape == (height, width)
    assert photo.orientation == 1


def _read_luma(data: bytes) -> None:
    frame = read_frame(data)
    LIMITS.check_size(frame.height, frame.width)
    luma.check_coding(frame)
    jpeg = JpegFile.read(data)
    if luma.has_exact_luma(jpeg):
        source = luma.read_luma(data, jpeg)
        assert source.jpeg.frame.height == frame.height
        assert 1 <= carried_metadata(source.jpeg, LIMITS).orientation <= 8
