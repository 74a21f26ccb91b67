import pytest
import torch

from model.training.augment import generator
from model.training.false_hints import FalseHints, Locality, distances, false_hints, locality, map_locality


def halves(n: int = 100) -> torch.Tensor:
    """ab (n,2,64,96): left red, right blue."""
    ab = torch.zeros(n, 2, 64, 96)
    ab[:, 0, :, :48], ab[:, 1, :, 48:] = 50, -60
    return ab


def test_each_photograph_has_one_vivid_patch_that_knows_where_it_lies() -> None:
    drawn = false_hints(halves(), generator(0))
    mask = drawn.hints[:, 2]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    sizes = mask.flatten(1).sum(1)
    assert (sizes >= 4).all()  # 3 to 9 pixels a side, less beyond the border
    assert (sizes <= 81).all()
    assert ((drawn.colour.norm(dim=1) >= 20) & (drawn.colour.norm(dim=1) <= 70)).all()
    rows, columns = drawn.place.T
    everyone = torch.arange(100)
    assert (mask[everyone, rows, columns] == 1).all()
    torch.testing.assert_close(drawn.hints[everyone, :2, rows, columns], drawn.colour)
    inside = (columns < 44) | (columns > 52)  # the mean around a place there is of one half
    torch.testing.assert_close(drawn.own[inside], halves()[everyone, :, rows, columns][inside])


def lone() -> FalseHints:
    """A hint of (30, 40) on a grey thing."""
    return FalseHints(
        torch.empty(0), torch.tensor([[30.0, 40.0]]), torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.long)
    )


def done(given: list[list[float]], before: list[float], distance: float = 0.1) -> Locality:
    """What a hint did to a place of its own thing and to one of a blue thing."""
    truth = torch.tensor([[[0.0, 0.0], [0.0, -40.0]]])
    far = torch.tensor([[distance, distance]])
    return locality(torch.tensor([given]), torch.tensor([[before, before]]), truth, far, lone())


ANSWERS = pytest.mark.parametrize("before", [[0.0, 0.0], [-20.0, 50.0]], ids=["grey", "wrong"])


@ANSWERS
def test_it_costs_nothing_to_recolour_the_hinted_thing_alone(before: list[float]) -> None:
    told = done([[30.0, 40.0], before], before)
    assert (float(told.leak()), float(told.unheard())) == pytest.approx((0, 0))


@ANSWERS
def test_it_costs_one_each_to_recolour_everything_or_nothing(before: list[float]) -> None:
    everything, nothing = done([[30.0, 40.0]] * 2, before), done([before] * 2, before)
    assert (float(everything.leak()), float(everything.unheard())) == pytest.approx((1, 0))
    assert (float(nothing.leak()), float(nothing.unheard())) == pytest.approx((0, float(nothing.own.sum())))
    half = [(30 + before[0]) / 2, (40 + before[1]) / 2]
    assert float(done([half, half], before).leak()) == pytest.approx(0.25)


def test_what_is_far_from_the_hint_need_not_follow() -> None:
    assert done([[0.0, 0.0]] * 2, [0.0, 0.0], distance=1.0).own.sum() < 1e-9


def test_what_lies_under_the_patch_need_not_stay() -> None:
    assert done([[30.0, 40.0]] * 2, [0.0, 0.0], distance=0.01).other.sum() == 0


def test_what_is_nearly_of_the_same_colour_may_follow() -> None:
    truth = torch.tensor([[[0.0, 0.0], [0.0, 5.0]]])
    given = torch.tensor([[[30.0, 40.0], [30.0, 40.0]]])
    assert locality(given, torch.zeros(1, 2, 2), truth, torch.full((1, 2), 0.5), lone()).leak() == 0


def test_an_answer_that_had_the_hints_colour_is_no_division_by_zero() -> None:
    told = done([[30.0, 40.0]] * 2, [30.0, 40.0])
    assert (float(told.leak()), float(told.unheard())) == pytest.approx((0, 0))


def test_distances_are_counted_in_sides() -> None:
    positions = torch.tensor([[0, 3, 15]])  # in a map of 4 x 4: (0, 0), (0, 3), (3, 3)
    far = distances(positions, torch.tensor([[0.0, 3.0]]), 4)
    torch.testing.assert_close(far, torch.tensor([[0.75, 0.0, 0.75]]))


def test_each_photograph_of_a_batch_has_its_own_figures() -> None:
    """Everything of the first one follows and nothing of the second."""
    ab = halves(2)[..., 16:80]
    drawn = false_hints(ab, generator(3))
    before = torch.zeros(2, 2, 16, 16)
    given = before.clone()
    given[0] = drawn.colour[0, :, None, None]
    first, second = map_locality(given, before, ab, drawn).figures()
    assert first == pytest.approx({"hint_leak": 1, "hint_unheard": 0})
    assert second == pytest.approx({"hint_leak": 0, "hint_unheard": 1})


def test_what_follows_is_looked_for_where_the_hint_lies() -> None:
    """An even photograph, a hint right above its middle: colour there is worth more than the same colour mirrored."""
    ab = torch.zeros(1, 2, 64, 64)
    drawn = false_hints(ab, generator(0))._replace(place=torch.tensor([[8, 48]]))
    before = torch.zeros(1, 2, 16, 16)

    def unheard(row: int, column: int) -> float:
        given = before.clone()
        given[:, :, row - 2 : row + 3, column - 2 : column + 3] = drawn.colour[0, :, None, None]
        (figures,) = map_locality(given, before, ab, drawn).figures()
        assert "hint_leak" not in figures  # no other thing
        return figures["hint_unheard"]

    there = unheard(2, 12)
    assert there < 0.6
    assert all(unheard(row, column) > there + 0.3 for row, column in ((12, 2), (2, 2), (12, 12)))
