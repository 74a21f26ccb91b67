"""What the rows of the table say, and when they are clean."""

import pytest

from support.faults.row import HEAD, Row


def test_a_row_tells_median_and_worst() -> None:
    row = Row("a fault", 3, 10, seconds=[1.0, 9.0, 2.0], command="workers --seed 7")
    assert str(row) == "| `workers --seed 7` | a fault | 3 | 10 | 0 | 0 | 2.0, 9.0 | - |"
    assert row.clean
    assert all(line.count("|") == str(row).count("|") for line in HEAD.splitlines())


@pytest.mark.parametrize("harm", [{"lost": 1}, {"duplicated": 1}, {"broken": ["a law"]}])
def test_a_row_with_any_harm_is_not_clean(harm: dict[str, object]) -> None:
    assert not Row("a fault", **harm).clean


def test_a_broken_law_is_said_in_words() -> None:
    row = Row("a fault")
    row.check(False, "it broke")
    assert str(row).endswith("BROKEN: it broke")
