"""The course of the learning rate."""

import pytest

from model.study.schedule import share_of_rate


def test_it_rises_then_falls():
    rates = [share_of_rate(step, 100, 0.05, 0.01) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert rates[52] == pytest.approx(0.505, abs=0.01)
    assert rates == sorted(rates[:5]) + sorted(rates[5:], reverse=True)
    assert 0.01 <= rates[-1] < 0.02


def test_a_single_step_is_taken_at_the_highest():
    assert share_of_rate(0, 1) == 1
