import os

from benchmarks.cores import compared, only, splits
from benchmarks.throughput import Pace


def test_each_power_of_two_up_to_a_process_a_core_is_tried():
    assert [splits(cores) for cores in (1, 2, 6, 16)] == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8, 16]]


def test_fewer_cores_are_used_for_a_while():
    before = os.sched_getaffinity(0)
    with only(1):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before


def test_ratios_are_of_medians_to_one_process():
    alone = tuple(Pace(photos=11, seconds=seconds, between=10, cpu=22) for seconds in (10, 11, 40))
    both = tuple(Pace(photos=11, seconds=5.5, between=between, cpu=11) for between in (1, 5, 6))
    rows = compared(2, [1, 2], [alone, both])
    assert rows == [
        ["2", "1", "2", "1.00", "1.00", "1.00", "2.000"],
        ["2", "2", "1", "2.00", "2.00", "2.00", "1.000"],
    ]
