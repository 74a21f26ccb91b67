import csv
from pathlib import Path

import pytest
import torch

from model.measuring.report import Row, calibration, place_errors, summary, table, write_csv
from model.predict import SETTINGS


def rows(*values: dict[str, float]) -> list[Row]:
    return [Row(f"{i}.jpg", s, dict(v)) for i, v in enumerate(values) for s in SETTINGS]


def test_calibration_sorts_by_the_estimate_and_takes_roots_of_mean_squares() -> None:
    errors = torch.tensor([[5.0, 1, 7, 1], [6.0, 3, 8, 4]])
    low, high = calibration(errors, groups=2)
    assert low == {"estimated": 1.0, "true": pytest.approx(12.5**0.5, abs=1e-3)}
    assert high == {"estimated": pytest.approx(37**0.5, abs=1e-3), "true": pytest.approx(50**0.5, abs=1e-3)}


def test_errors_are_taken_where_the_network_answers() -> None:
    truth = torch.zeros(1, 2, 8, 8)
    truth[0, 0, :4, :4] = torch.tensor([0.0, 12]).repeat(4, 2)  # mean 6 in the first of four places
    ab, confidence = torch.zeros(1, 2, 2, 2), torch.full((1, 1, 2, 2), torch.e**-1)
    estimated, true = place_errors(ab, confidence, truth)
    assert estimated.tolist() == pytest.approx([25] * 4)
    assert true.tolist() == pytest.approx([6, 0, 0, 0])


def test_means_are_over_photographs_but_rmse_is_one_root() -> None:
    report = summary(rows({"psnr": 20, "rmse_ab": 3}, {"psnr": 30, "rmse_ab": 4, "top1": 1}))
    assert report["photos"] == 2
    assert report["settings"][0] == {
        "vividness": 0,
        "temperature": 1,
        "psnr": 25,
        "rmse_ab": pytest.approx(12.5**0.5),
        "top1": 1,  # of the labelled photograph alone
    }


def test_the_csv_leaves_what_is_missing_empty(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv", rows({"psnr": 20}, {"psnr": 30, "top1": 1}))
    lines = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert [line["top1"] for line in lines] == [""] * 3 + ["1.0000"] * 3
    assert lines[-1]["photo"] == "1.jpg"


def test_the_table_has_a_line_for_every_figure() -> None:
    report = summary(rows({"psnr": 20, "rmse_ab": 3})) | {"seconds_per_photo": 0.25}
    assert table(report).splitlines() == [
        "1 photographs, 0.250 s each",
        "vividness, temperature           0, 1  0.5, 0.38    1, 0.38",
        "psnr                           20.000     20.000     20.000",
        "rmse_ab                         3.000      3.000      3.000",
    ]
