from pathlib import Path

from model.study.report.course import gradients_table, snapshots_table
from model.study.report.record import Record


def test_learning_is_followed_at_the_last_stage(study: Path) -> None:
    record = Record.gather(study)
    lines = snapshots_table(record.snapshots, record.results).splitlines()
    assert lines[2] == "| way | 50 % of learning | 100 % of learning |"
    assert lines[4].endswith("| 15.0 | 16.5 |")  # 0.1 + 5 / 100; two seeds of 0.2 and 0.21, less 0.04
    assert len(lines) == 5 + 1  # one way, and an empty line
    assert snapshots_table([], record.results) == ""


def test_gradients_are_means_by_stage_and_by_time(study: Path) -> None:
    lines = gradients_table(Record.gather(study).gradients).splitlines()
    assert len(lines) == 2 + 6  # halves share nothing
    cells = [cell.strip() for cell in lines[2].split("|")[2:-1]]
    assert cells[:5] == [
        "-0.10",
        "0.00",
        "0.10",
        "0.20",
        "0.30",
    ]  # 0.1 a stage, less 0.2 in the mean of the course
    assert cells[5:] == ["-0.10", "-0.40", "0.50", "2.00"]  # early: steps 0 and 20; late: step 40
