import pytest
import torch

from model.study.measures import accuracy, class_iou, confusion, mean_iou


@pytest.fixture(params=range(3))
def answers(request: pytest.FixtureRequest) -> tuple[torch.Tensor, torch.Tensor]:
    """Classes as given and as true, half of them right."""
    random = torch.Generator().manual_seed(request.param)
    truth = torch.randint(5, (2, 30, 40), generator=random)
    noise = torch.randint(5, truth.shape, generator=random)
    return torch.where(torch.rand(truth.shape, generator=random) < 0.5, truth, noise), truth


def test_measures_are_those_of_scikit_learn(answers: tuple[torch.Tensor, torch.Tensor]) -> None:
    # Here alone: it takes seconds, which every test process would spend on collecting.
    from sklearn.metrics import accuracy_score, confusion_matrix, jaccard_score

    given, truth = answers
    counts, flat = confusion(given, truth, 5), (truth.flatten(), given.flatten())
    assert counts.tolist() == confusion_matrix(*flat).tolist()
    assert accuracy(counts) == pytest.approx(accuracy_score(*flat))
    assert class_iou(counts).tolist() == pytest.approx(jaccard_score(*flat, average=None).tolist())
    assert mean_iou(counts) == pytest.approx(jaccard_score(*flat, average="macro"))


def test_what_has_no_class_does_not_count(answers: tuple[torch.Tensor, torch.Tensor]) -> None:
    given, truth = answers
    void = torch.rand(truth.shape, generator=torch.Generator().manual_seed(9)) < 0.3
    with_void = torch.where(void, 5, truth)
    assert confusion(given, with_void, 5).equal(confusion(given[~void], truth[~void], 5))


def test_a_class_that_nobody_names_has_no_part_in_the_mean() -> None:
    counts = confusion(torch.tensor([0, 0, 1, 0]), torch.tensor([0, 0, 1, 1]), 3)
    assert class_iou(counts)[:2].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert class_iou(counts)[2].isnan()
    assert mean_iou(counts) == pytest.approx(7 / 12)
