"""What libjpeg only warns of is no reason to refuse a photograph; what damages its picture is."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import UnreadablePhoto
from photochrom.photo.options import ColorizeOptions
from support.pictures.sampling import sampled
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP0, APP14, JpegFile, Segment


def adobe(transform: int) -> Segment:
    return Segment(APP14, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def stray_before_restart(data: bytes) -> bytes:
    at = data.index(b"\xff\xd0", data.index(b"\xff\xda"))
    return data[:at] + b"\x11" * 40 + data[at:]


def changed(data: bytes, *segments: Segment) -> bytes:
    jpeg = JpegFile.read(data)
    kinds = {segment.marker for segment in segments}
    return bytes(jpeg.with_metadata((*segments, *(s for s in jpeg.metadata if s.marker not in kinds))))


WARNINGS = {
    "unknown Adobe transform": lambda data: changed(data, adobe(2)),
    "JFIF of another version": lambda data: changed(data, Segment(APP0, b"JFIF\0\x09\x01\0\0\1\0\1\0\0")),
    "stray bytes before a restart": stray_before_restart,
    "padding before the end": lambda data: data[:-2] + bytes(100) + b"\xff\xd9",
    "odd scan parameters": lambda data: data.replace(b"\0\x3f\0", b"\0\0\0", 1),
}


@pytest.mark.parametrize("asked", ["same", "png"])
@pytest.mark.parametrize("harm", WARNINGS.values(), ids=WARNINGS)
def test_a_harmless_oddity_is_no_damage(harm, asked, predictor, pillow_jpeg, rgb_photo, lightness_of):
    plain = pillow_jpeg(rgb_photo, quality=90, restart_marker_rows=2)
    odd = harm(plain)
    assert odd != plain
    result = colorize(odd, predictor, ColorizeOptions(format=asked, strength=0), preview_side=64)
    assert result.preview
    found = np.asarray(Image.open(io.BytesIO(result.data)))
    wanted = lightness_of(np.asarray(Image.open(io.BytesIO(plain))))
    assert np.abs(lightness_of(found) - wanted).mean() < 2
    stray = harm is stray_before_restart or "padding" in str(harm)
    assert not stray or any("mean nothing" in warning for warning in result.warnings)


@pytest.mark.parametrize("asked", ["same", "png"])
def test_a_damaged_picture_is_refused(asked, predictor, pillow_jpeg, rgb_photo):
    data = bytearray(pillow_jpeg(rgb_photo, quality=90))
    middle = len(data) // 2
    data[middle : middle + 200] = np.random.default_rng(0).integers(0, 255, 200).astype(np.uint8).tobytes()
    with pytest.raises(UnreadablePhoto, match="save it again"):
        colorize(bytes(data), predictor, ColorizeOptions(format=asked))


ODD = {
    "luma halved": [(1, 1), (2, 2), (2, 2)],
    "three to one": [(3, 1), (1, 1), (1, 1)],
    "both ways": [(2, 1), (1, 2), (1, 1)],
    "eight to one": [(4, 2), (1, 1), (1, 1)],
    "one of the colours": [(2, 2), (2, 2), (1, 1)],
}


@pytest.mark.parametrize("asked", ["same", "png"])
@pytest.mark.parametrize("factors", ODD.values(), ids=ODD)
def test_a_jpeg_of_any_sampling_is_read(factors, asked, predictor, rgb_photo, lightness_of):
    data = sampled(np.ascontiguousarray(rgb_photo[:64, :80]), factors)
    result = colorize(data, predictor, ColorizeOptions(format=asked, strength=0), preview_side=64)
    found, wanted = (np.asarray(Image.open(io.BytesIO(d)).convert("L")) for d in (result.data, data))
    assert np.abs(lightness_of(found) - lightness_of(wanted)).mean() < 3
    with pytest.raises(UnreadablePhoto, match="Copy it again"):
        colorize(data[: len(data) // 2], predictor, ColorizeOptions(format=asked))


def middle_of_last_scan(data: bytes) -> int:
    return (data.rindex(b"\xff\xda") + len(data)) // 2


def cut_short(data: bytes) -> bytes:
    """The picture ends early, and the end marker is there all the same."""
    return data[: middle_of_last_scan(data)].rstrip(b"\xff") + b"\xff\xd9"


def garbled(data: bytes) -> bytes:
    at = middle_of_last_scan(data)
    return data[:at] + b"\x5a" * 40 + data[at + 40 :]


# 4:1:1, 4:4:0, 4:2:2 and 4:2:0 have a name in libjpeg-turbo's interface; the others go another way.
SAMPLINGS = {
    **ODD,
    **{
        f"{across}x{down}": [(across, down), (1, 1), (1, 1)]
        for across, down in [(4, 1), (1, 2), (2, 1), (2, 2)]
    },
}


@pytest.mark.parametrize("asked", ["same", "png"])
@pytest.mark.parametrize("harm", [cut_short, garbled])
@pytest.mark.parametrize("factors", SAMPLINGS.values(), ids=SAMPLINGS)
def test_damage_is_noticed_whatever_the_sampling(factors, harm, asked, predictor, rgb_photo, capfd):
    data = sampled(np.ascontiguousarray(rgb_photo[:64, :80]), factors)
    with pytest.raises(UnreadablePhoto, match="save it again"):
        colorize(harm(data), predictor, ColorizeOptions(format=asked))
    assert "Corrupt" not in capfd.readouterr().err


def test_bytes_that_mean_nothing_are_passed_over_whatever_the_sampling(predictor, rgb_photo):
    data = sampled(np.ascontiguousarray(rgb_photo[:64, :80]), ODD["three to one"])
    result = colorize(data[:-2] + bytes(100) + b"\xff\xd9", predictor, ColorizeOptions())
    assert any("mean nothing" in warning for warning in result.warnings)
