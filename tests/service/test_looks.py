"""Looks are shared by all who ask, told again for a moment, and not waited for for ever."""

import asyncio
import threading

import pytest

from service import looks
from service.looks import Look


class Counted:
    """Something to look at, that may be held up."""

    def __init__(self) -> None:
        self.looks = 0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self) -> int:
        self.looks += 1
        self.answers.wait(30)
        return self.looks


def test_all_who_ask_share_one_look() -> None:
    async def ask() -> list[int]:
        look = Look(counted, -1)
        return await asyncio.gather(*(look.found() for _ in range(100)))

    counted = Counted()
    assert asyncio.run(ask()) == [1] * 100
    assert counted.looks == 1


@pytest.mark.parametrize(("fresh", "told"), [(3600.0, [1, 1, 1]), (-1.0, [1, 2, 3])])
def test_a_finding_is_told_for_a_moment_and_then_made_anew(fresh: float, told: list[int]) -> None:
    async def ask() -> list[int]:
        look = Look(Counted(), -1, fresh)
        return [await look.found() for _ in range(3)]

    assert asyncio.run(ask()) == told


def test_what_hangs_is_told_so_and_looked_at_no_second_time_until_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looks, "DEADLINE_SECONDS", 0.05)
    counted = Counted()
    counted.answers.clear()

    async def ask() -> list[int]:
        look = Look(counted, -1)
        told = [await look.found() for _ in range(3)]
        assert counted.looks == 1
        counted.answers.set()
        while (answer := await look.found()) < 0:
            await asyncio.sleep(0.01)
        return [*told, answer]

    assert asyncio.run(ask()) == [-1, -1, -1, 1]


def test_a_finding_is_never_older_than_five_seconds() -> None:
    assert looks.FRESH_SECONDS + looks.DEADLINE_SECONDS <= 5
