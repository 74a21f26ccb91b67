import pytest
import torch

from model.study.encoder import Encoder
from model.study.labelled import VOID, Labelled, Sets
from model.study.measures import mean_iou
from model.study.uses import segment
from model.study.uses.budget import UsesBudget


def test_streets_are_segmented_without_and_with_a_learning_encoder(
    encoder: Encoder, sets: Sets, budget: UsesBudget
) -> None:
    figures = segment.run(encoder, sets, budget, 0)
    assert [(figure.use, figure.measure) for figure in figures] == [
        ("segment", "miou"),
        ("segment", "pixels"),
        ("segment-finetune", "miou"),
        ("segment-finetune", "pixels"),
    ]
    assert figures[1].value > 0.7  # sky, road and pole differ in lightness; chance is below one half
    assert figures[3].value > 0.7
    assert figures == segment.run(encoder, sets, budget, 0)


def test_fine_tuning_leaves_the_probe_as_it_was(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    probe = segment.probed(encoder, sets.frames, budget, 0)
    before = segment.measured(probe, sets.test_frames)
    segment.tuned(probe, sets.frames, budget, 0)
    assert segment.measured(probe, sets.test_frames).equal(before)


def test_void_has_no_part_in_anything(encoder: Encoder, sets: Sets, budget: UsesBudget) -> None:
    columns = segment.sampled_columns(encoder.eval(), sets.frames, 400, 0)
    assert VOID not in columns.labels
    assert len(columns.labels) < 400 * len(sets.frames.labels)
    counts = segment.measured(segment.probed(encoder, sets.frames, budget, 0), sets.test_frames)
    assert counts.sum() == (sets.test_frames.labels != VOID).sum()
    assert 0 < mean_iou(counts) <= 1


def test_places_and_labels_belong_together(sets: Sets) -> None:
    places, labels = segment.sampled_labels(sets.frames, 50, 3)
    x, y = places.long().unbind(2)
    frame = torch.arange(len(labels))[:, None]
    assert labels.equal(sets.frames.labels[frame, y, x])


def test_frames_are_mirrored_with_their_labels() -> None:
    labels = torch.arange(3 * 8 * 10).view(3, 8, 10)
    frames = Labelled((labels[:, None] % 251).byte(), labels)
    drawn = segment.drawn_frames(frames, 20, torch.Generator().manual_seed(0))
    assert drawn.lightness[:, 0].equal((drawn.labels % 251).byte())
    steps = drawn.labels[:, 0, 1] - drawn.labels[:, 0, 0]
    assert set(steps.tolist()) == {1, -1}  # some are mirrored, some are not
    assert len(drawn.labels[:, 0].sum(1).unique()) == 3  # of all frames


def test_a_class_four_times_as_frequent_weighs_half() -> None:
    weights = segment.class_weights(torch.tensor([0] * 80 + [1] * 20))
    assert weights[1] / weights[0] == pytest.approx(2)
    assert (80 * weights[0] + 20 * weights[1]) / 100 == pytest.approx(1)
