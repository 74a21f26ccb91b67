import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from PIL import Image, ImageCms

from workers.pipeline.metadata import icc


def para(kind: int, *parameters: float) -> bytes:
    """A profile whose curve is parametric."""
    values = struct.pack(f">{len(parameters)}i", *(round(p * 65536) for p in parameters))
    return icc._rgb_profile(b"para\x00\x00\x00\x00" + struct.pack(">HH", kind, 0) + values)


def test_our_srgb_is_srgb_to_littlecms_and_to_us():
    assert icc.is_srgb(icc.srgb())
    assert icc.color_space(icc.srgb()) == "RGB"
    theirs = ImageCms.createProfile("sRGB")
    assert icc.is_srgb(ImageCms.ImageCmsProfile(theirs).tobytes())
    ours = ImageCms.ImageCmsProfile(io.BytesIO(icc.srgb()))
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    same = ImageCms.profileToProfile(Image.fromarray(pixels), ours, theirs)
    assert np.abs(np.asarray(same).astype(int) - pixels).max() <= 2


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (para(0, 2.2), lambda x: x**2.2),
        (para(1, 2.0, 0.9, 0.1), lambda x: (0.9 * x + 0.1) ** 2),
        (para(2, 2.0, 0.9, 0.1, 0.05), lambda x: np.minimum((0.9 * x + 0.1) ** 2 + 0.05, 1)),
        (
            para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
            lambda x: np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92),
        ),
    ],
)
def test_parametric_curves(profile, expected):
    x = np.linspace(0, 1, 256)
    assert_allclose(icc.tone_curve(profile, b"rTRC"), expected(x), atol=1e-3)


def test_sampled_curves():
    points = (np.linspace(0, 1, 17) ** 3 * 65535).astype(">u2").tobytes()
    profile = icc._rgb_profile(b"curv\x00\x00\x00\x00" + struct.pack(">I", 17) + points)
    assert_allclose(icc.tone_curve(profile, b"rTRC")[::15], np.linspace(0, 1, 256)[::15] ** 3, atol=0.02)
    identity = icc._rgb_profile(b"curv\x00\x00\x00\x00\x00\x00\x00\x00")
    assert_allclose(icc.tone_curve(identity, b"rTRC"), np.linspace(0, 1, 256))


@given(st.binary(max_size=300), st.integers(0, 1000))
def test_damaged_profiles_are_no_profiles(noise, cut):
    for profile in (noise, icc.srgb()[:cut], icc.srgb()[:128] + noise):
        icc.color_space(profile)
        icc.tone_curve(profile, b"rTRC")
        icc.primaries(profile)
        icc.is_srgb(profile)
        icc.colored(profile)
