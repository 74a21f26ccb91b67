import torch

from model.study.schedule import share_of_rate
from model.study.uses.descent import descend
from model.study.uses.head import fit_layer


def test_the_layer_reads_features_as_they_are() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (600,), generator=random)
    features = torch.randn(3, 5, generator=random)[labels] * 100 + 700
    features += torch.randn(600, 5, generator=random)
    weight, bias = fit_layer(features, labels, 80, 0, classes=3)
    assert (features @ weight.T + bias).argmax(1).equal(labels)
    again = fit_layer(features, labels, 80, 0, classes=3)
    assert weight.equal(again.weight)


def test_a_heavier_class_is_named_more_often() -> None:
    random = torch.Generator().manual_seed(0)
    features, labels = (
        torch.randn(2000, 2, generator=random),
        (torch.rand(2000, generator=random) < 0.3).long(),
    )
    alike = fit_layer(features, labels, 80, 0, classes=2)
    heavy = fit_layer(features, labels, 80, 0, torch.tensor([1.0, 9.0]))
    named = [(features @ layer.weight.T + layer.bias).argmax(1).float().mean() for layer in (alike, heavy)]
    assert named[0] < 0.1 < 0.9 < named[1]


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [share_of_rate(step, 100) for step in range(100)]
    assert rates[:10] == [number / 10 for number in range(1, 11)]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01
    assert share_of_rate(0, 1) == 1


def test_descent_finds_the_bottom() -> None:
    weight = torch.tensor([3.0, -2.0], requires_grad=True)
    descend([weight], lambda: (weight - torch.tensor([1.0, 1.0])).square().sum(), 300, 0.1)
    torch.testing.assert_close(weight.detach(), torch.ones(2), atol=0.05, rtol=0)
