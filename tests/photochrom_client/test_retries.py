from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import PhotochromError
from photochrom_client import ApiError, ConnectionFailed, Retries

UNREACHED = ConnectionFailed("d", reached=False)
LOST = ConnectionFailed("d", reached=True)


def answered(status: int, retry_after: float | None = None) -> ApiError:
    return ApiError("d", status=status, code="c", retry_after=retry_after)


def failing(error: PhotochromError, times: int) -> Callable[[], str]:
    left = [error] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "done"

    return call


def pauses(error: PhotochromError, times: int, retries: Retries, *, repeatable: bool = True) -> list[float]:
    """Make a call that fails so often; return the pauses, which are not made."""
    made: list[float] = []
    done = retries.persist(
        failing(error, times), lambda _error, pause: made.append(pause), repeatable=repeatable
    )
    assert done == "done"
    return made


@pytest.mark.parametrize("error", [UNREACHED, LOST, *map(answered, (408, 429, 502, 503, 504))])
def test_what_passes_is_tried_again(error: PhotochromError) -> None:
    assert len(pauses(error, 3, Retries())) == 3


@pytest.mark.parametrize("error", [*map(answered, (400, 404, 409, 422, 500, 507))])
def test_what_does_not_pass_is_raised_at_once(error: PhotochromError) -> None:
    with pytest.raises(ApiError) as raised:
        pauses(error, 1, Retries())
    assert raised.value is error


def test_what_may_have_been_done_is_not_done_again_unless_it_does_no_harm() -> None:
    for unclear in (LOST, answered(502), answered(504)):
        with pytest.raises(PhotochromError):
            pauses(unclear, 1, Retries(), repeatable=False)
    for certain in (UNREACHED, answered(408), answered(429), answered(503)):
        assert len(pauses(certain, 1, Retries(), repeatable=False)) == 1


def test_the_server_says_how_long_at_least() -> None:
    (pause,) = pauses(answered(429, retry_after=30), 1, Retries())
    assert 30 <= pause <= 33
    with pytest.raises(ApiError):
        pauses(answered(429, retry_after=3600), 1, Retries(patience=60))


def test_no_patience_means_one_attempt() -> None:
    with pytest.raises(ConnectionFailed):
        pauses(UNREACHED, 1, Retries(patience=0))


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("photochrom_client.retries.time.monotonic", lambda: clock[0])

    def wait(_: PhotochromError, seconds: float) -> None:
        clock[0] += seconds

    with pytest.raises(ConnectionFailed):
        Retries(patience=60).persist(failing(UNREACHED, 10_000), wait)
    assert 45 < clock[0] <= 60


@given(st.integers(1, 10_000), st.floats(0.001, 10), st.floats(0.1, 100))
def test_pauses_grow_to_the_longest_and_spread(failures: int, first: float, longest: float) -> None:
    retries = Retries(first=first, longest=longest)
    pause = retries.pause(failures, None)
    assert 0 < pause <= longest
    assert pause <= first * 2.0 ** min(failures, 100)


def test_each_pause_is_about_twice_the_one_before() -> None:
    made = [Retries(first=1, longest=1e9).pause(failures, None) for failures in range(1, 20)]
    assert all(before < after * 1.01 for before, after in pairwise(made))
