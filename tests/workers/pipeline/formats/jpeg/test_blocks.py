"""Single blocks made anew: all others keep their coefficients, whoever wrote the file."""

import jpeglib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from workers.pipeline.formats.jpeg.blocks import with_luma
from workers.pipeline.formats.jpeg.file import JpegFile


@pytest.fixture(params=[True, False], ids=["grey", "colour"])
def source(request, encode_jpeg, rgb_photo) -> bytes:
    pixels = rgb_photo[90:221, 60:263]  # no side is a multiple of 8
    return encode_jpeg(np.ascontiguousarray(pixels[..., 1] if request.param else pixels))


def coefficients(data: bytes, folder) -> jpeglib.DCTJPEG:
    path = folder / "read.jpg"
    path.write_bytes(data)
    return jpeglib.read_dct(str(path))


def test_only_the_touched_blocks_change(source, luma_of, tmp_path):
    luma = luma_of(source).astype(np.uint8)
    changed = np.zeros(luma.shape, bool)
    changed[40:44, 50:90] = changed[130, 202] = True
    wanted = np.where(changed, 255 - luma, luma).astype(np.uint8)
    result = bytes(with_luma(JpegFile.read(source), wanted, changed))
    before, after = (coefficients(data, tmp_path) for data in (source, result))
    touched = np.zeros(before.Y.shape[:2], bool)
    touched[5, 6:12] = touched[16, 25] = True
    assert_array_equal(after.Y[~touched], before.Y[~touched])
    assert (after.Y[touched] != before.Y[touched]).any()
    for old, new in ((before.Cb, after.Cb), (before.Cr, after.Cr)):
        assert_array_equal(new, old)
    outside = np.ones(luma.shape, bool)
    outside[40:48, 48:96] = outside[128:, 200:] = False
    assert_array_equal(luma_of(result)[outside], luma_of(source)[outside])


def test_touched_blocks_hold_what_is_wanted_within_their_quantisation(source, luma_of):
    jpeg = JpegFile.read(source)
    luma = luma_of(source)
    changed = np.zeros(luma.shape, bool)
    changed[24:64, 24:64] = True
    wanted = np.full(luma.shape, 100, np.uint8)
    found = luma_of(bytes(with_luma(jpeg, wanted, changed)))[24:64, 24:64]
    # Only the mean of these blocks is coded: half of its step, and rounding.
    step = next(s.payload for s in jpeg.segments if s.marker == 0xDB)[1]
    assert np.abs(found - 100).max() <= step / 16 + 1


def test_nothing_touched_nothing_changed(source, luma_of, tmp_path):
    luma = luma_of(source).astype(np.uint8)
    result = bytes(with_luma(JpegFile.read(source), luma, np.zeros(luma.shape, bool)))
    assert_array_equal(coefficients(result, tmp_path).Y, coefficients(source, tmp_path).Y)
