import io

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from photochrom import color
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.color.tone import classic_sepia, tone_of
from workers.pipeline.colorizer import colorize


@pytest.fixture
def sepia_scan(grey_photo) -> np.ndarray:
    """The astronaut as a brown print: a* and b* follow L*."""
    lightness = color.lightness(grey_photo[..., None].repeat(3, -1) / 255)
    chroma = 16 * np.sin(np.pi * lightness / 100)
    lab = color.fit_gamut(np.stack([lightness, 0.5 * chroma, 0.9 * chroma], -1))
    return np.rint(color.srgb(lab) * 255).astype(np.uint8)


def ab_of(data: bytes) -> np.ndarray:
    return color.lab(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) / 255)[..., 1:]


def test_the_tone_of_a_sepia_scan_is_found(sepia_scan):
    lightness = np.linspace(10, 90, 20, dtype=np.float32)
    expected = 16 * np.sin(np.pi * lightness / 100)
    assert_allclose(tone_of(sepia_scan).at(lightness), [0.5 * expected, 0.9 * expected], atol=2.5)


def test_a_grey_scan_gets_the_classic_tone(grey_photo):
    lightness = np.linspace(0, 100, 11, dtype=np.float32)
    assert_allclose(tone_of(grey_photo).at(lightness), classic_sepia().at(lightness))
    a, b = classic_sepia().at(np.float32([0, 50, 100]))
    assert_allclose([a[0], b[0], a[2], b[2]], 0, atol=1e-5)
    assert b[1] > a[1] > 0


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_sepia_without_colours_gives_the_print_back(format_, save, predictor, sepia_scan):
    options = {"quality": 95, "subsampling": 0} if format_ == "JPEG" else {}
    source = save(sepia_scan, format_, **options)
    result = colorize(source, predictor, ColorizeOptions(strength=0, sepia=1, quality=95))
    assert np.abs(ab_of(result.data) - ab_of(source)).mean() < 1.5


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_sepia_pulls_colours_towards_the_tone(format_, save, predictor, grey_photo):
    source = save(grey_photo, format_)
    mean_b = [
        ab_of(colorize(source, predictor, ColorizeOptions(sepia=s)).data)[..., 1].mean() for s in (0, 0.5, 1)
    ]
    assert mean_b[0] + 2 < mean_b[1] < mean_b[2] - 2


def test_sepia_keeps_the_light(save, predictor, grey_photo, luma_of, lightness_of):
    jpeg = save(grey_photo, "JPEG")
    assert (luma_of(colorize(jpeg, predictor, ColorizeOptions(sepia=1)).data) == luma_of(jpeg)).all()
    png = colorize(save(grey_photo, "PNG"), predictor, ColorizeOptions(sepia=1))
    found = np.asarray(Image.open(io.BytesIO(png.data)))
    assert np.abs(lightness_of(found) - lightness_of(grey_photo)).max() < 0.5
