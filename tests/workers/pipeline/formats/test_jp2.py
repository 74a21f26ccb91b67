import io
import struct

import imagecodecs
import numpy as np
import psutil
import pytest
from PIL import Image

from photochrom.errors import PhotoRejected, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import PhotoLimits, colorize
from workers.pipeline.formats.jp2_boxes import make_box


def samples_of(data: bytes) -> np.ndarray:
    return imagecodecs.jpeg2k_decode(data)


@pytest.mark.parametrize("grey", [True, False], ids=["grey", "colour"])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("container", ["jp2", "j2k"])
def test_lossless_files_keep_depth_and_lightness(grey, bits, container, predictor, rgb_photo, lightness_of):
    pixels = np.ascontiguousarray(rgb_photo[..., 1] if grey else rgb_photo)
    if bits > 8:
        pixels = pixels.astype(np.uint16) << (bits - 8)
    source = imagecodecs.jpeg2k_encode(
        pixels, level=0, bitspersample=bits, codecformat=container, reversible=True
    )
    found = samples_of(colorize(bytes(source), predictor, ColorizeOptions()).data)
    assert found.dtype == pixels.dtype
    full = pixels if bits == 8 else np.rint(pixels * (65535 / (2**bits - 1))).astype(np.uint16)
    assert np.abs(lightness_of(found) - lightness_of(full)).max() < 0.5
    assert np.ptp(found.astype(int), axis=2).mean() > 10


def test_lossy_sources_give_lossy_results_by_quality(predictor, rgb_photo):
    source = bytes(imagecodecs.jpeg2k_encode(rgb_photo, level=40, codecformat="jp2", reversible=False))
    sizes = [len(colorize(source, predictor, ColorizeOptions(quality=q)).data) for q in (20, 60, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


def test_a_file_cut_anywhere_is_a_clear_error(predictor, rgb_photo, save):
    source = save(np.ascontiguousarray(rgb_photo[:96, :96]), "JPEG2000")
    for cut in np.linspace(1, len(source) - 1, 20).astype(int):
        with pytest.raises(PhotoRejected, match=r"truncated|damaged|not an image"):
            colorize(source[:cut], predictor, ColorizeOptions())


def test_too_many_pixels_are_refused_before_decoding(predictor, rgb_photo, save):
    with pytest.raises(PhotoTooLarge):
        colorize(
            save(rgb_photo, "JPEG2000"), predictor, ColorizeOptions(), limits=PhotoLimits(max_pixels=1000)
        )


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + kind + payload


def test_a_small_header_in_another_box_does_not_hide_a_large_picture(predictor):
    data = bytes(imagecodecs.jpeg2k_encode(np.zeros((3000, 3000), np.uint16), level=0, codecformat="jp2"))
    small = bytes(imagecodecs.jpeg2k_encode(np.zeros((10, 10), np.uint16), level=0, codecformat="j2k"))
    first = 12 + int.from_bytes(data[12:16], "big")  # after the signature and the file type
    before = psutil.Process().memory_info().rss
    with pytest.raises(PhotoTooLarge, match="3000 x 3000"):
        colorize(
            data[:first] + box(b"free", small) + data[first:],
            predictor,
            ColorizeOptions(),
            limits=PhotoLimits(max_pixels=1_000_000),
        )
    assert psutil.Process().memory_info().rss - before < 20e6


def test_a_box_that_claims_another_size_than_its_codestream_is_refused(predictor, rgb_photo, save):
    source = bytearray(save(np.ascontiguousarray(rgb_photo[:64, :64]), "JPEG2000"))
    at = source.index(b"ihdr") + 4
    source[at : at + 8] = struct.pack(">II", 12_000, 12_000)
    before = psutil.Process().memory_info().rss
    with pytest.raises(UnreadablePhoto, match="size"):
        colorize(bytes(source), predictor, ColorizeOptions())
    assert psutil.Process().memory_info().rss - before < 20e6


@pytest.mark.parametrize("component", [1, 2])
def test_every_component_s_depth_is_looked_at(component, predictor, rgb_photo, save):
    source = bytearray(save(rgb_photo, "JPEG2000"))
    source[source.index(b"\xff\x4f\xff\x51") + 42 + 3 * component] = 15
    with pytest.raises(UnsupportedFormat, match="different depth"):
        colorize(bytes(source), predictor, ColorizeOptions())


def test_a_codestream_without_its_box_is_a_clear_error(predictor, rgb_photo, save):
    source = save(rgb_photo, "JPEG2000")
    with pytest.raises(UnreadablePhoto, match="truncated"):
        colorize(source.replace(b"jp2c", b"free"), predictor, ColorizeOptions())


def test_deeper_than_16_bits_is_refused(predictor, grey_photo, save):
    source = bytearray(save(grey_photo, "JPEG2000"))
    source[source.index(b"\xff\x4f\xff\x51") + 42] = 23
    with pytest.raises(UnsupportedFormat, match="24 bits"):
        colorize(bytes(source), predictor, ColorizeOptions())


def test_pillow_opens_the_result(predictor, grey_photo, save):
    result = colorize(save(grey_photo, "PNG", dpi=(600, 600)), predictor, ColorizeOptions(format="jp2"))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "RGB"
        assert np.allclose(image.info["dpi"], 600, rtol=1e-3)


@pytest.mark.parametrize("end", [b"", bytes(64)], ids=["exact", "padded"])
def test_boxes_behind_the_picture_are_no_truncation(end, predictor, grey_photo):
    """Programs that only add metadata, such as ExifTool, put it there, with room to grow."""
    plain = imagecodecs.jpeg2k_encode(grey_photo[:64, :96], level=0, codecformat="jp2")
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b" " * 6000 + b"</x:xmpmeta>"
    source = bytes(plain) + make_box(b"xml ", packet) + end
    assert colorize(source, predictor, ColorizeOptions()).width == 96
    with pytest.raises(UnreadablePhoto, match="truncated"):
        colorize(bytes(plain)[:-200] + make_box(b"xml ", packet), predictor, ColorizeOptions())
