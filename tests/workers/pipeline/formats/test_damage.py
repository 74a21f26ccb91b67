"""A file whose end is missing was copied badly: it is told as that, not as damage that saving it anew would mend."""

import numpy as np
import pytest

from photochrom.errors import UnreadablePhoto
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.damage import damaged

FORMATS = {
    "JPEG": {}, "PNG": {}, "TIFF": {"compression": "tiff_lzw"}, "WEBP": {}, "AVIF": {}, "HEIF": {},
    "JPEG2000": {}, "BMP": {}, "GIF": {}, "PPM": {},
}  # fmt: skip


@pytest.mark.parametrize("share", [0.6, 0.9])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_whose_end_is_missing_is_called_truncated(format_, share, save, rgb_photo, predictor):
    source = save(np.ascontiguousarray(rgb_photo[:128, :160]), format_, **FORMATS[format_])
    with pytest.raises(UnreadablePhoto, match="truncated: "):
        colorize(source[: int(len(source) * share)], predictor, ColorizeOptions())


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "HEIC", "BMP", "GIF"])
@pytest.mark.parametrize("data", [b"", b"\0", bytes(7), bytes(40), b"\xff" * 40])
def test_what_makes_no_sense_is_told_of_at_once(kind, data):
    assert "truncated" in str(damaged(kind, data))
