from pathlib import Path

import pytest

from model.study.report.columns import PROBE, deciding
from model.study.report.findings import CLAIMS, claims_table, combinations_table, judge, over_best_part
from model.study.report.record import Record
from model.study.report.results import Gain, Results

YES, NO, OPEN = Gain(0.5, 0.1), Gain(-0.5, 0.1), Gain(0.05, 0.1)


@pytest.fixture
def results(study: Path) -> Results:
    record = Record.gather(study)
    return Results.of(record.results, record.sizes.model_copy(update={"validation": 10_000}))


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([YES, OPEN], "reproduced"),
        ([NO, OPEN, None], "not reproduced"),
        ([YES, NO], "mixed"),
        ([OPEN, OPEN], "open"),
        ([None], "missing"),
    ],
)
def test_a_claim_is_judged_by_all_uses(found: list[Gain | None], verdict: str) -> None:
    assert judge(found) == verdict


def test_claims_follow_from_the_figures(results: Results) -> None:
    lines = claims_table(results).splitlines()[2:]
    assert len(lines) == len(CLAIMS)
    assert lines[0].startswith("| Labels teach more than colorization | **+10.0** |")
    assert lines[0].endswith("| reproduced |")
    assert next(line for line in lines if "Rotation teaches more" in line).endswith("| not reproduced |")
    assert next(line for line in lines if "Rebalanced" in line).endswith("| open |")


def test_a_combination_is_held_against_its_better_part(results: Results) -> None:
    gain = over_best_part(results, "histograms+rotation-joint", PROBE)
    assert gain is not None
    assert gain.difference == pytest.approx(0.12 - 0.205)  # colorization has 0.2 and 0.21
    assert combinations_table(results).count("| loses |") == 9


def test_findings_are_judged_by_every_use(results: Results) -> None:
    assert [column.heading for column in deciding(results)] == [
        "probe, best stage",
        "probe, last stage",
        "10 % of labels",
        "segmentation, frozen",
    ]
