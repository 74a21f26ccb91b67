import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from photochrom import color
from workers.pipeline.color.upsample import DetailInjection, cubic_weights


def full_size(ab, small_lightness, lightness) -> np.ndarray:
    return DetailInjection(ab, small_lightness, lightness.shape).rows(0, lightness)


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An edge between two colours that is also an edge of lightness: ab (2, 16, 24), L* small and (160, 240)."""
    lightness = np.full((160, 240), 30, np.float32)
    lightness[:, 113:] = 80
    ab = np.where(lightness[None] > 50, np.float32([[[40]], [[-20]]]), np.float32([[[-10]], [[30]]]))
    small = [cv2.resize(plane, (24, 16), interpolation=cv2.INTER_AREA) for plane in (*ab, lightness)]
    return np.stack(small[:2]), small[2], lightness


def test_colour_follows_an_edge_of_lightness(scene):
    ab, small, lightness = scene
    found = full_size(ab, small, lightness)
    plain = np.stack([cv2.resize(plane, (240, 160), interpolation=cv2.INTER_CUBIC) for plane in ab])
    truth = np.where(lightness[None] > 50, np.float32([[[40]], [[-20]]]), np.float32([[[-10]], [[30]]]))
    assert np.abs(found - truth).mean() < 0.5 * np.abs(plain - truth).mean()


def test_any_tiling_gives_the_same_numbers(scene):
    ab, small, lightness = scene
    whole = full_size(ab, small, lightness)
    injection = DetailInjection(ab, small, lightness.shape)
    for rows in (1, 7, 64, 159):
        strips = [injection.rows(y, lightness[y : y + rows]) for y in range(0, 160, rows)]
        assert_array_equal(np.concatenate(strips, axis=1), whole)


def test_a_narrow_picture_is_the_edge_of_a_wide_one():
    """Of narrow pictures many rows are made at once; the numbers are those of the usual way."""
    random = np.random.default_rng(3)
    ab, small = random.normal(0, 20, (2, 16, 1)), random.uniform(20, 80, (16, 1))
    ab, small = ab.astype(np.float32), small.astype(np.float32)
    lightness = random.uniform(0, 100, (5000, 1)).astype(np.float32)
    narrow = DetailInjection(ab, small, (5000, 1)).rows(0, lightness)
    wide = DetailInjection(ab, small, (5000, 80)).rows(0, lightness.repeat(80, 1))
    assert_allclose(narrow[..., 0], wide[..., 0], atol=1e-3)
    parts = [
        DetailInjection(ab, small, (5000, 1)).rows(a, lightness[a : a + 777]) for a in range(0, 5000, 777)
    ]
    assert_array_equal(np.concatenate(parts, axis=1), narrow)


def test_a_row_of_a_narrow_picture_costs_little_beside_one_of_a_wide_one():
    """A million rows of one pixel took as long as sixty times their pixels in an ordinary picture."""
    ab, small = np.zeros((2, 64, 64), np.float32), np.zeros((64, 64), np.float32)
    lightness = np.zeros((1 << 16, 1), np.float32)

    def seconds(width: int) -> float:
        source = DetailInjection(ab, small, (1 << 16, width))
        return min(timed(source, lightness.repeat(width, 1)) for _ in range(3))

    assert seconds(1) < seconds(100) / 3


def timed(source: DetailInjection, lightness: np.ndarray) -> float:
    start = time.process_time()
    source.rows(0, lightness)
    return time.process_time() - start


def test_a_constant_colour_stays_constant():
    rng = np.random.default_rng(0)
    ab = np.float32([[[12]], [[-34]]]) * np.ones((2, 9, 7), np.float32)
    lightness = rng.uniform(0, 100, (63, 50)).astype(np.float32)
    small = cv2.resize(lightness, (7, 9), interpolation=cv2.INTER_AREA)
    assert_allclose(
        full_size(ab, small, lightness), np.broadcast_to([[[12]], [[-34]]], (2, 63, 50)), atol=0.01
    )


def test_no_colour_stays_none():
    lightness = np.random.default_rng(0).uniform(0, 100, (40, 40)).astype(np.float32)
    assert not full_size(np.zeros((2, 8, 8), np.float32), lightness[::5, ::5], lightness).any()


@given(st.integers(1, 40), st.integers(1, 300))
def test_cubic_weights_add_up_and_stay_inside(small, large):
    first, weights = cubic_weights(small, large)
    assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert first.min() >= 0
    assert first.max() + 4 <= small + 4


def test_straight_lines_stay_straight_to_a_few_percent_of_a_step():
    first, weights = cubic_weights(20, 200)
    line = np.pad(np.arange(20.0), 2, mode="edge")
    found = np.array([line[f : f + 4] @ w for f, w in zip(first, weights, strict=True)])
    expected = (np.arange(200) + 0.5) / 10 - 0.5
    assert_allclose(found[20:-20], expected[20:-20], atol=0.05)


def test_true_colour_is_brought_back_better_than_by_bicubic(rgb_photo):
    """What it is for: on a photograph, less error than bicubic everywhere, and clearly less at edges of colour."""
    lab = np.moveaxis(color.lab(rgb_photo / 255), -1, 0).astype(np.float32)
    small = np.stack([cv2.resize(plane, (96, 64), interpolation=cv2.INTER_AREA) for plane in lab])
    plain = np.stack([cv2.resize(plane, (480, 320), interpolation=cv2.INTER_CUBIC) for plane in small[1:]])
    errors = [np.hypot(*(ab - lab[1:])) for ab in (full_size(small[1:], small[0], lab[0]), plain)]
    edges = np.hypot(*np.gradient(lab[1])) > 8
    assert np.sqrt((errors[0] ** 2).mean()) < 0.97 * np.sqrt((errors[1] ** 2).mean())
    assert np.sqrt((errors[0][edges] ** 2).mean()) < 0.96 * np.sqrt((errors[1][edges] ** 2).mean())
