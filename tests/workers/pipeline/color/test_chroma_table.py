import numpy as np
from numpy.testing import assert_allclose

from photochrom import color
from workers.pipeline.color.chroma_table import chroma_of


def decoded(luma: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Encoded RGB (..., 3) in 0..255, not limited, as a JPEG decoder makes it (ITU-T T.871)."""
    blue, red = chroma[..., 0] - 128.0, chroma[..., 1] - 128.0
    green = luma - 0.344136 * blue - 0.714136 * red
    return np.stack([luma + 1.402 * red, green, luma + 1.772 * blue], axis=-1)


def all_bytes(step: int) -> list[np.ndarray]:
    axes = np.meshgrid(*[np.arange(0, 256, step, dtype=np.uint8)] * 3, indexing="ij")
    return [axis.reshape(len(axis), -1).copy() for axis in axes]


def test_every_chroma_decodes_within_srgb():
    luma, a, b = all_bytes(5)
    rgb = decoded(luma, chroma_of(luma, a, b))
    # Half a step of luma's quantisation in the table, and rounding.
    assert rgb.min() > -8
    assert rgb.max() < 263
    assert np.mean((rgb < -3) | (rgb > 258)) < 0.02


def test_colours_inside_srgb_have_the_asked_hue_and_chroma():
    rng = np.random.default_rng(1)
    hue, chroma = rng.uniform(0, 2 * np.pi, (1, 5000)), rng.uniform(0, 40, (1, 5000))
    lab = np.stack([rng.uniform(25, 80, (1, 5000)), chroma * np.cos(hue), chroma * np.sin(hue)], -1)
    lab = lab[:, color.in_gamut(lab * [1, 1.15, 1.15])[0]]
    luma = np.rint(color.srgb(lab) @ color.LUMA * 255).astype(np.uint8)
    a, b = (np.rint(lab[..., i] + 128).astype(np.uint8) for i in (1, 2))
    found = color.lab(decoded(luma, chroma_of(luma, a, b)) / 255)
    assert_allclose(found[..., 1:], lab[..., 1:], atol=3)
    assert np.abs(found[..., 1:] - lab[..., 1:]).mean() < 0.6


def test_grey_is_neutral_at_every_luma():
    luma = np.arange(256, dtype=np.uint8)[None]
    middle = np.full_like(luma, 128)
    assert (chroma_of(luma, middle, middle) == 128).all()


def test_black_and_white_take_no_colour():
    luma = np.array([[0, 255]], np.uint8)
    strong = np.array([[230, 230]], np.uint8)
    assert np.abs(chroma_of(luma, strong, strong).astype(int) - 128).max() <= 3


def test_rows_wider_than_opencv_s_limit_are_as_good_as_short_ones():
    luma, a, b = np.random.default_rng(2).integers(0, 256, (3, 2, 65_500)).astype(np.uint8)
    halves = [
        chroma_of(luma[:, half], a[:, half], b[:, half]) for half in (np.s_[:30_000], np.s_[30_000:60_000])
    ]
    found = chroma_of(luma, a, b)
    assert found.shape == (2, 65_500, 2)
    assert (found[:, :60_000] == np.concatenate(halves, axis=1)).all()
