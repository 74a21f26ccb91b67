"""The command line: help that names every way, and faults as sentences."""

from pathlib import Path

import pytest

from model.study.__main__ import main
from model.study.plans import PLANS


def test_help_names_every_way(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said and plan.title in said for name, plan in PLANS.items())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "huge"], "There is no budget huge"),
        (["--budget", "tiny"], "needs tiny-imagenet-200/ or tiny-imagenet*.npz"),
    ],
)
def test_a_fault_is_a_sentence(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folders = ["--photos", str(tmp_path), "--probes", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*arguments, *folders]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_unknown_way_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["--photos", str(tmp_path), "--probes", str(tmp_path), "--only", "dreaming"])
    assert left.value.code == 2
    assert "dreaming" in capsys.readouterr().err
