"""CSV files that grow by groups of rows."""

from pathlib import Path

import pytest

from model.study.tables import Table
from photochrom.errors import ModelRejected


def test_rows_come_back_as_they_were_added(tmp_path: Path):
    table = Table(tmp_path / "deeper" / "log.csv", ("step", "loss"))
    assert table.rows() == []
    table.add([(1, 0.5), (2, None)])
    table.add([(3, "a, b")])
    assert table.rows() == [
        {"step": "1", "loss": "0.5"},
        {"step": "2", "loss": ""},
        {"step": "3", "loss": "a, b"},
    ]


def test_unwanted_rows_go(tmp_path: Path):
    table = Table(tmp_path / "log.csv", ("step",))
    table.add([(1,), (2,), (3,)])
    table.keep(lambda row: row["step"] != "2")
    assert [row["step"] for row in table.rows()] == ["1", "3"]


def test_a_group_that_fails_leaves_nothing(tmp_path: Path):
    table = Table(tmp_path / "log.csv", ("step", "loss"))
    table.add([(1, 2)])
    with pytest.raises(ValueError, match="shorter"):
        table.add([(2, 3), (3,)])
    assert len(table.rows()) == 1


def test_other_columns_are_refused(tmp_path: Path):
    (tmp_path / "log.csv").write_text("other\n1\n")
    with pytest.raises(ModelRejected, match="columns step"):
        Table(tmp_path / "log.csv", ("step",)).rows()
