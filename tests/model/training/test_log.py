import csv
from pathlib import Path

import pytest
import torch

from model.training import log as module
from model.training.config import RunConfig
from model.training.distributed import Ranks
from model.training.log import Log
from support.queue.clock import Clock, clock_of

CONFIG = RunConfig(steps=100, batch=8, log_every=10)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(module, monkeypatch)


def walk(log: Log, clock: Clock, first: int, last: int, seconds: float = 2.0) -> None:
    for step in range(first, last + 1):
        clock.now += seconds
        log.step(step, torch.tensor(float(step)), 1e-3)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_line_tells_progress_rate_loss_and_time_left(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log(tmp_path / "log.csv", CONFIG, Ranks(0, 1, "cpu"), photos=40, resume=False)
    walk(log, clock, 1, 9)
    assert not capsys.readouterr().err
    walk(log, clock, 10, 10)
    line = "step 10/100  epoch 2.0  4 photos/s  loss 5.5000  lr 1.00e-03  0:03:00 left\n"
    assert capsys.readouterr().err == line
    assert rows(tmp_path / "log.csv")[0]["loss"] == "5.50000"


def test_measuring_counts_for_the_time_left_and_not_for_the_rate(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log(tmp_path / "log.csv", CONFIG, Ranks(0, 1, "cpu"), photos=40, resume=False)
    walk(log, clock, 1, 5)
    clock.now += 20
    log.validated(5, {"psnr_faithful": 24.0}, 20.0)
    walk(log, clock, 6, 10)
    measured, line = capsys.readouterr().err.splitlines()
    assert measured == "step 5  psnr_faithful 24.00"
    assert "4 photos/s" in line
    assert "0:06:00 left" in line  # 40 s for 10 steps, 90 to go


def test_a_resumed_run_goes_on_in_its_log_and_hopes_by_its_own_steps(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    ranks = Ranks(0, 1, "cpu")
    walk(Log(tmp_path / "log.csv", CONFIG, ranks, photos=40, resume=False), clock, 1, 50)
    walk(Log(tmp_path / "log.csv", CONFIG, ranks, photos=40, resume=True), clock, 51, 60, seconds=3)
    assert [row["step"] for row in rows(tmp_path / "log.csv")] == ["10", "20", "30", "40", "50", "60"]
    assert "0:02:00 left" in capsys.readouterr().err.splitlines()[-1]


def test_only_the_first_of_several_processes_speaks_and_writes(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    walk(Log(tmp_path / "log.csv", CONFIG, Ranks(1, 2, "cpu"), photos=40, resume=False), clock, 1, 20)
    assert not capsys.readouterr().err
    assert not (tmp_path / "log.csv").exists()
