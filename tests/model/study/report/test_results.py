from math import inf

import pytest

from model.study.report.results import Gain, Question, Results
from model.study.sizes import Sizes

SIZES = Sizes(classes=4, train=400, validation=10_000, tuned={0.001: 4}, frames=1, test_frames=1)
PROBE = Question("probe", "accuracy", "2")


def row(
    way: str, value: float, *, use: str = "probe", stage: str = "2", measure: str = "accuracy"
) -> dict[str, str]:
    return {
        "way": way,
        "seed": "0",
        "use": use,
        "stage": stage,
        "share": "",
        "measure": measure,
        "value": str(value),
    }


def measured_on(photographs: int) -> Sizes:
    return SIZES.model_copy(update={"validation": photographs})


def test_a_figure_is_the_mean_with_half_the_range() -> None:
    found = Results.of([row("a", 0.2), row("a", 0.3)], SIZES).estimate("a", PROBE)
    assert found is not None
    assert found == pytest.approx((0.25, 0.05, 2))


def test_chance_is_the_largest_of_spread_usual_spread_and_sampling() -> None:
    results = Results.of([row("a", 0.2), row("a", 0.3), row("b", 0.5), row("c", 0.4), row("c", 0.42)], SIZES)
    assert results.chance("a", PROBE) == pytest.approx(0.05)  # its own
    assert results.chance("b", PROBE) == pytest.approx(0.03)  # the median of 0.05 and 0.01
    assert Results.of([row("b", 0.5)], measured_on(100)).chance("b", PROBE) == pytest.approx(
        0.05
    )  # sqrt(.5 * .5 / 100)
    miou = Question("segment", "miou")
    assert (
        Results.of([row("b", 0.5, use="segment", stage="", measure="miou")], measured_on(100)).chance(
            "b", miou
        )
        == inf
    )


@pytest.mark.parametrize(
    ("difference", "verdict"), [(0.03, "yes"), (-0.03, "no"), (0.02, "open"), (-0.01, "open")]
)
def test_only_what_exceeds_chance_is_a_gain(difference: float, verdict: str) -> None:
    assert Gain(difference, 0.02).verdict == verdict


def test_ways_are_compared_at_their_own_best_stages() -> None:
    rows = [
        row("a", 0.1, stage="1"),
        row("a", 0.4, stage="5"),
        row("b", 0.3, stage="1"),
        row("b", 0.2, stage="5"),
    ]
    results = Results.of(rows, SIZES)
    assert [results.best_stage(way).stage for way in "ab"] == ["5", "1"]
    gain = results.gain("a", "b", lambda results, way: results.best_stage(way))
    assert gain is not None
    assert gain.difference == pytest.approx(0.1)
    assert results.gain("a", "nobody", lambda results, way: results.best_stage(way)) is None


def test_depth_is_what_the_last_stage_gains_over_the_first() -> None:
    results = Results.of(
        [row("a", 0.1, stage="1"), row("a", 0.4, stage="5"), row("b", 0.3, stage="1")], SIZES
    )
    assert results.deepening("a").difference == pytest.approx(0.3)
    assert results.deepening("b") is None


def test_what_lacks_a_figure_is_missing() -> None:
    results = Results.of([row("a", 0.1), row("a", 0.2, stage="3"), row("b", 0.1)], SIZES)
    assert results.missing(["a", "b", "c"]) == ["b", "c"]
