"""What libjpeg only warns of is no reason to refuse a photograph; what damages its picture is."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import UnreadablePhoto
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import (
    APP0,
    APP14,
    BASELINE,
    DQT,
    SOS,
    Component,
    Frame,
    JpegFile,
    Segment,
)


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
    with pytest.raises(UnreadablePhoto, match="save it anew"):
        colorize(bytes(data), predictor, ColorizeOptions(format=asked))


def sampled(pixels: np.ndarray, factors: list[tuple[int, int]]) -> bytes:
    """A JPEG whose components have these factors across and down, from planes that libjpeg codes one by one."""
    image = Image.fromarray(pixels).convert("YCbCr")
    most = [max(f[i] for f in factors) for i in range(2)]
    size = image.width * most[0], image.height * most[1]
    components, segments = [], []
    for number, (plane, (across, down)) in enumerate(zip(image.split(), factors, strict=True), 1):
        file = io.BytesIO()
        whole = plane.resize((image.width * across, image.height * down), Image.Resampling.BILINEAR)
        whole.save(file, "JPEG", quality=95, optimize=True)
        part = JpegFile.read(file.getvalue())
        components.append(Component(number, across, down, 0))
        if number == 1:
            segments += [s for s in part.coding if s.marker == DQT]
        for segment in part.coding:
            if segment.marker == SOS:
                segment = replace(segment, payload=b"\1" + bytes([number]) + segment.payload[2:])
            if segment.marker != DQT:
                segments.append(segment)
    frame = Frame(BASELINE, 8, size[1], size[0], tuple(components))
    return bytes(JpegFile(frame, tuple(segments), complete=True))


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
