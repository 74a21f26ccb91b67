import pytest
import torch

from model.study.uses.ridge import PENALTIES, fit


def clouds(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Three clouds of points in twelve dimensions of very unlike scale."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (count,), generator=random)
    centres = torch.randn(3, 12, generator=torch.Generator().manual_seed(0))
    features = centres[labels] + torch.randn(count, 12, generator=random)
    return features * torch.logspace(-1, 2, 12) + 5, labels


def test_it_is_scikit_learns_ridge_with_one_of_the_penalties() -> None:
    # Here alone: it takes seconds, which every test process would spend on collecting.
    from sklearn.linear_model import Ridge

    features, labels = clouds(400, 1)
    found = fit(features, labels, 3, seed=0)
    standard = ((features - features.mean(0)) / features.std(0)).numpy()
    targets = torch.nn.functional.one_hot(labels, 3).numpy()
    distances = [
        abs(Ridge(alpha=penalty * 400).fit(standard, targets).coef_.T - found.weights.numpy()).max()
        for penalty in PENALTIES
    ]
    assert min(distances) < 1e-4


def test_it_tells_clouds_apart_that_it_has_not_seen() -> None:
    found = fit(*clouds(400, 1), 3, seed=0)
    features, labels = clouds(400, 2)
    assert (found.classify(features) == labels).float().mean() > 0.9


def test_of_noise_it_takes_a_strong_penalty() -> None:
    random = torch.Generator().manual_seed(3)
    features, labels = torch.randn(300, 200, generator=random), torch.randint(2, (300,), generator=random)
    assert (
        fit(features, labels, 2, seed=0).weights.norm()
        < 0.15 * fit(*clouds(300, 1), 3, seed=0).weights.norm()
    )


def test_a_feature_that_never_varies_does_no_harm() -> None:
    features, labels = clouds(200, 1)
    found = fit(torch.cat([features, torch.ones(200, 1)], 1), labels, 3, seed=0)
    assert found.weights.isfinite().all()
    assert found.weights[-1].abs().max() == pytest.approx(0, abs=1e-6)
