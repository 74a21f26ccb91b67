"""The parts of the service on one machine come back, and none takes the machine with its starts."""

import logging
import os
import time

import pytest

from cli.server import parts as parts_module
from cli.server.parts import Parts
from support.servers.running import wait_for


def ends_with(code: int) -> tuple[str, ...]:
    """The arguments of a process that ends at once."""
    return "timeit", "-n1", "-r1", f"import os; os._exit({code})"


def test_a_part_that_ends_is_started_again_later_each_time_and_that_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "_LONGEST_DELAY", 0.5)
    with Parts({}) as parts, caplog.at_level(logging.WARNING):
        parts.start("The API", *ends_with(9))
        begun = time.monotonic()

        def told() -> bool:
            assert parts.revive() is None
            return len(caplog.messages) == 3

        wait_for(told, 60, "three ends")
        assert time.monotonic() - begun >= 0.4 + 0.5  # before the second start, and the third
    assert caplog.messages == [
        f"The API ended with code 9; it starts again in {delay} s" for delay in (0.4, 0.5, 0.5)
    ]


def test_a_part_whose_settings_do_not_hold_is_not_started_again() -> None:
    with Parts({}) as parts:
        parts.start("The API", *ends_with(os.EX_CONFIG))
        assert wait_for(parts.revive, 30, "its end") == "The API"
        assert parts.ended() == "The API"
