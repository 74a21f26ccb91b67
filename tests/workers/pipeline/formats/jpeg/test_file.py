import time

import pytest

from photochrom.errors import UnreadablePhoto
from workers.pipeline.formats.jpeg.file import EOI, SOS, JpegFile, read_frame


def test_a_file_put_together_again_is_the_same(encode_jpeg, grey_photo):
    data = encode_jpeg(grey_photo[:100, :100])
    once = bytes(JpegFile.read(data))
    assert bytes(JpegFile.read(once)) == once


def test_fill_bytes_before_a_marker_are_no_part_of_the_scan(encode_jpeg, grey_photo):
    """T.81, B.1.1.2: any marker may be preceded by any number of bytes FF."""
    plain = JpegFile.read(encode_jpeg(grey_photo[:100, :100]))
    parts = [bytes(segment) for segment in plain.segments]
    frame_at = next(i for i, s in enumerate(plain.segments) if s.marker == SOS)
    parts.insert(frame_at, bytes(plain.frame.segment()))
    filled = b"\xff\xd8" + b"".join(b"\xff" * 5 + part for part in parts) + b"\xff" * 5 + bytes([0xFF, EOI])
    assert JpegFile.read(filled) == plain


@pytest.mark.parametrize("after", [b"\x00", b"\xd0", b""])
@pytest.mark.parametrize("in_scan", [False, True])
def test_megabytes_of_fill_bytes_take_no_longer_than_reading_them(after, in_scan, pillow_jpeg, grey_photo):
    start = b"\xff\xd8"
    if in_scan:
        start = pillow_jpeg(grey_photo[:64, :64])[:-2]
    data = start + (b"\xff" * (4 << 20) + after)
    begin = time.process_time()
    if in_scan:
        assert not JpegFile.read(data).complete
    else:
        with pytest.raises(UnreadablePhoto):
            read_frame(data)
    assert time.process_time() - begin < 1
