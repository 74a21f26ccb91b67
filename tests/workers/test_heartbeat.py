"""The beats of a worker whose queue is away for a moment."""

import threading

import pytest
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.worker import Heartbeat


@pytest.mark.parametrize("error", [RedisConnectionError("Connection refused."), BusyLoadingError("Loading.")])
def test_a_queue_that_is_away_is_one_line_of_the_log_and_the_next_beat_comes(
    caplog: pytest.LogCaptureFixture, error: RedisError
) -> None:
    """It restarts for seconds or minutes: a traceback at each beat would hide what else is said."""
    beats, twice = iter(range(100_000)), threading.Event()

    def beat() -> None:
        number = next(beats)
        if number == 3:
            twice.set()
        if number:
            raise error

    heartbeat = Heartbeat(beat, 0.001)
    heartbeat.start()
    assert twice.wait(30)
    heartbeat.stop()
    said = [record for record in caplog.records if record.name == "workers.worker"]
    assert len(said) >= 2
    assert all(str(error) in record.getMessage() and record.exc_info is None for record in said)
