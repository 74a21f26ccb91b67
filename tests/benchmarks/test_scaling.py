"""A million a day follows from what one photograph costs; that is asked of real processes."""

from benchmarks.measuring.scenes import as_file, scene
from benchmarks.measuring.stack import Cost, stack
from benchmarks.scaling import STEPS, measure, per_day, per_photo

ONE = Cost(*(1.0 for _ in Cost.__dataclass_fields__))


def cells(table: str, name: str) -> list[str]:
    (row,) = (line for line in table.splitlines() if line.startswith(f"| {name}"))
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_each_step_costs_what_its_work_is(tmp_path):
    with stack(tmp_path) as running:
        found = measure(running, as_file(scene(0.1), "JPEG"), 2)
    assert list(found) == list(STEPS)
    assert all(cost.redis_commands > 0 for cost in found.values())
    # The original; the original again, the result and its two companions; the result.
    assert [found[step].store_requests for step in STEPS] == [1, 4, 0, 1]
    assert found["restore"].worker_cpu > 10 * found["poll"].worker_cpu


def test_a_day_is_the_sum_of_the_steps_times_the_photographs():
    found = dict.fromkeys(STEPS, ONE)
    table = per_day(found, 1_000_000, 2000.0, 864_000)
    assert cells(table, "photographs a second") == ["10.0", "30.0"]
    assert cells(table, "API, cores") == ["40.0", "120.0"]
    assert cells(table, "Redis, GB for a day's records") == ["1.7", "the same"]
    assert cells(table, "callers, MB/s in") == ["10.0", "30.0"]
    assert cells(per_photo(found), "worker, CPU ms") == ["1000", "1000", "1000", "1000", "4000"]


def test_what_was_spent_is_the_difference_per_photograph():
    spent = Cost(*(5.0 for _ in Cost.__dataclass_fields__)).since(ONE, 2)
    assert set(vars(spent).values()) == {2.0}
