import torch

from model.losses import SoftTargets, color_bins
from model.training.augment import generator
from model.training.conditions import ab_histogram, conditioned, point_hints, reveal_hints, reveal_palette


def halves() -> torch.Tensor:
    """ab (200,2,64,64): left red, right blue."""
    ab = torch.zeros(200, 2, 64, 64)
    ab[:, 0, :, :32], ab[:, 1, :, 32:] = 50, -60
    return ab


def test_hints_show_the_truth_in_a_share_of_the_photographs() -> None:
    hints = reveal_hints(halves(), 0.5, generator(0))
    hinted = hints[:, 2].flatten(1).any(1)
    assert 0.4 < hinted.float().mean() < 0.6
    assert not hints[~hinted].any()
    assert set(hints[:, 2].unique().tolist()) == {0.0, 1.0}
    assert not (hints[:, :2] * (1 - hints[:, 2:])).any()  # no colour outside the mask
    far = hints[:, :, :, :20]  # no patch nor its mean reaches over the middle
    assert (far[:, 0][far[:, 2] == 1] > 0).all()


def test_what_has_a_hint_or_a_palette_is_known() -> None:
    ab, targets = halves(), SoftTargets(color_bins())
    hints, palette = (
        reveal_hints(ab, 0.5, generator(0)),
        reveal_palette(ab, targets, len(color_bins()), 0.3, generator(1)),
    )
    hinted, lent = hints[:, 2].flatten(1).any(1), palette.any(1)
    assert torch.equal(conditioned(len(ab), hints, palette, ab.device), hinted | lent)
    assert torch.equal(conditioned(len(ab), hints, None, ab.device), hinted)
    assert not conditioned(len(ab), None, None, ab.device).any()


def test_most_photographs_have_few_hints() -> None:
    shown = reveal_hints(halves(), 1.0, generator(1))[:, 2].flatten(1).sum(1)
    assert (shown > 0).all()
    assert shown.median() < 6 * 49
    assert shown.max() <= 16 * 81


def test_point_hints_are_patches_of_their_size() -> None:
    hints = point_hints(halves()[:20], 10, generator(3))
    shown = hints[:, 2].flatten(1).sum(1)
    assert (shown <= 10 * 49).all()  # less where they overlap or leave the photograph
    assert (shown > 5 * 16).all()
    assert not point_hints(halves()[:2], 0, generator(3)).any()


def test_a_palette_is_the_histogram_of_the_truth() -> None:
    bins = color_bins()
    histogram = ab_histogram(halves()[:1], SoftTargets(bins), len(bins))[0]
    torch.testing.assert_close(histogram.sum(), torch.tensor(1.0))
    torch.testing.assert_close(histogram @ bins, torch.tensor([25.0, -30.0]), atol=1.0, rtol=0)


def test_a_palette_is_mostly_absent() -> None:
    bins = color_bins()
    palettes = reveal_palette(halves(), SoftTargets(bins), len(bins), 0.2, generator(2))
    assert 0.1 < (palettes.sum(1) > 0.5).float().mean() < 0.3
    assert set(palettes.sum(1).round().unique().tolist()) == {0.0, 1.0}
