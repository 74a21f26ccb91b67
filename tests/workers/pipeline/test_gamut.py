import numpy as np
from numpy.testing import assert_allclose

from photochrom import color
from workers.pipeline.gamut import reach


def outside(count: int) -> np.ndarray:
    random = np.random.default_rng(3)
    lightness = random.uniform(1, 99, count)
    hue = random.uniform(0, 2 * np.pi, count)
    return np.stack([lightness, 150 * np.cos(hue), 150 * np.sin(hue)], axis=-1).astype(np.float32)


def test_the_reach_is_that_of_the_reference_on_every_hue_and_lightness():
    asked = outside(50_000)
    fitted = color.fit_gamut(asked)
    expected = np.hypot(fitted[:, 1], fitted[:, 2])
    found = reach(*np.ascontiguousarray(asked.T))
    error = np.abs(found - expected) / np.maximum(expected, 5)
    assert np.median(error) < 0.002
    assert np.quantile(error, 0.99) < 0.02


def test_any_number_of_colours_is_looked_up():
    asked = np.ascontiguousarray(outside(3000).T)
    whole = reach(*asked)
    for count in (1, 1023, 1024, 1025, 3000):
        assert_allclose(reach(*asked[:, :count]), whole[:count], rtol=1e-6)
