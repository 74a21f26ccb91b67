import re
import time

from photochrom.ids import PATTERN, new_id


def test_ids_sort_by_time_and_fit_the_pattern() -> None:
    earlier = new_id()
    while time.time_ns() // 1_000_000 == _milliseconds(earlier):
        pass
    later = new_id()
    assert earlier < later
    assert re.fullmatch(PATTERN, earlier)


def test_ids_of_one_process_always_rise() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def _milliseconds(made: str) -> int:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for letter in made:
        number = number << 5 | alphabet.index(letter)
    return number >> 80
