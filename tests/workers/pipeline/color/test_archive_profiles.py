"""The profiles in which archives scan: light is what the profile says, in every depth and layout."""

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from photochrom import color
from photochrom.photo.options import ColorizeOptions
from support.pictures.archive_profiles import PROFILES
from workers.pipeline.color.space import space_of
from workers.pipeline.colorizer import colorize


@pytest.fixture(params=PROFILES)
def scanned(request, grey_photo) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A profile, a 16-bit print of greys as it is scanned in it, and the L* that is meant."""
    profile, light = PROFILES[request.param]
    deep = grey_photo[100:292, 100:356].astype(np.uint16) * 257
    meant = color.lightness_of_luminance(light(deep / 65535))
    return bytes(profile), deep if "grey" in request.param else deep[..., None].repeat(3, -1), meant


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_a_tiff_of_16_bits_keeps_its_light_and_its_packing(scanned, predictor, lightness_of, compression):
    """Grey, and 48-bit RGB of a grey print."""
    profile, pixels, meant = scanned
    file = io.BytesIO()
    kind = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(file, pixels, photometric=kind, compression=compression, iccprofile=profile)
    result = colorize(file.getvalue(), predictor, ColorizeOptions())
    assert not [warning for warning in result.warnings if "profile" in warning]
    with tifffile.TiffFile(io.BytesIO(result.data)) as written:
        page = written.pages.first
        assert int(page.compression) == {None: 1, "lzw": 5, "zlib": 8}[compression]
        found = page.asarray()
    assert found.dtype == np.uint16
    # Tables of 256 points carry the curve.
    assert np.abs(lightness_of(found) - meant)[meant > 2].max() < 0.5


def test_a_jpeg_in_it_has_a_space_to_work_in(scanned, save, predictor):
    profile, pixels, _ = scanned
    assert space_of(profile) is not None
    scan = save((pixels >> 8).astype(np.uint8), "JPEG", quality=92, icc_profile=profile)
    colored = colorize(scan, predictor, ColorizeOptions())
    assert not [warning for warning in colored.warnings if "profile" in warning]
    back = colorize(colored.data, predictor, ColorizeOptions(uncolor=True))
    assert back.warnings == ()
    assert_array_equal(
        imagecodecs.jpeg8_decode(back.data, outcolorspace="GRAYSCALE"),
        imagecodecs.jpeg8_decode(scan, outcolorspace="GRAYSCALE"),
    )
