"""The first promise, on real files: 208 JPEGs of photographs, by ten encoders at many settings."""

from pathlib import Path

import jpeglib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.photo.options import ColorizeOptions, Repair
from support.pictures.damage import KnownDamage, damaged, drawn, touched_blocks
from support.pictures.photographs import PHOTOS
from workers.pipeline.colorizer import colorize


def with_jpeglib(
    pixels: np.ndarray, folder: Path, version: str, quality: int, *flags: str, subsampling: str = "4:2:0"
) -> bytes:
    path = folder / "encoded.jpg"
    with jpeglib.version(version):
        image = jpeglib.from_spatial(np.atleast_3d(pixels).copy())
        if pixels.ndim == 3:
            image.samp_factor = subsampling
        image.write_spatial(str(path), qt=quality, flags=list(flags))
    return path.read_bytes()


OLD_ENCODERS = {
    "libjpeg-6b": lambda p, folder: with_jpeglib(p, folder, "6b", 75),
    "libjpeg-6b-optimized": lambda p, folder: with_jpeglib(p, folder, "6b", 98, "+OPTIMIZE_CODING"),
    "libjpeg-7": lambda p, folder: with_jpeglib(p, folder, "7", 40),
    "libjpeg-9e": lambda p, folder: with_jpeglib(p, folder, "9e", 90, subsampling="4:4:4"),
    "mozjpeg-1": lambda p, folder: with_jpeglib(p, folder, "mozjpeg101", 60),
    "mozjpeg-4": lambda p, folder: with_jpeglib(p, folder, "mozjpeg403", 85),
    "mozjpeg-4-422": lambda p, folder: with_jpeglib(p, folder, "mozjpeg403", 93, subsampling="4:2:2"),
    "libjpeg-turbo-1.2": lambda p, folder: with_jpeglib(p, folder, "turbo120", 80),
}
CROPS = ((200, 180), (131, 257))  # one of them with no side a multiple of 8


@pytest.fixture(scope="module")
def photographs():
    """Eight pictures, grey and in colour, of four photographs."""
    from PIL import Image

    names = ("astronaut", "cat", "coffee", "rocket")
    whole = [np.asarray(Image.open(PHOTOS / f"{name}.jpg").convert("RGB")) for name in names]
    colour = [photo[40 : 40 + h, 60 : 60 + w] for photo in whole for h, w in CROPS]
    return [np.ascontiguousarray(p[..., 1] if i % 4 in (1, 2) else p) for i, p in enumerate(colour)]


def test_no_new_encoder_changes_a_luma(encode_jpeg, photographs, luma_of, predictor):
    for photograph in photographs:
        assert_luma_kept(encode_jpeg(photograph), luma_of, predictor)


@pytest.mark.parametrize("encoder", OLD_ENCODERS)
def test_no_old_encoder_changes_a_luma(encoder, photographs, luma_of, predictor, tmp_path):
    for photograph in photographs:
        assert_luma_kept(OLD_ENCODERS[encoder](photograph, tmp_path), luma_of, predictor)


def assert_luma_kept(source: bytes, luma_of, predictor) -> None:
    result = colorize(source, predictor, ColorizeOptions())
    assert not any("no luma" in warning for warning in result.warnings)
    assert_array_equal(luma_of(result.data), luma_of(source))


@pytest.mark.parametrize("encoder", OLD_ENCODERS)
def test_repair_touches_no_other_block_of_old_encoders(encoder, photographs, luma_of, predictor, tmp_path):
    for photograph in photographs[2:4]:
        worn = drawn(photograph.shape[:2])
        source = OLD_ENCODERS[encoder](damaged(photograph, worn), tmp_path)
        result = colorize(source, predictor, ColorizeOptions(repair=Repair.AUTO), finder=KnownDamage(worn))
        kept = ~touched_blocks(worn, grown=1)
        assert kept.any()
        assert_array_equal(luma_of(result.data)[kept], luma_of(source)[kept])
