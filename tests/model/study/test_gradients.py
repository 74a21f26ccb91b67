"""The cosine between two tasks' gradients."""

import pytest
import torch
from torch import Tensor

from model.study.encoder import Encoder
from model.study.gradients import agreements, gradients
from model.study.photographs import Batch
from model.study.ways.autoencoder import Autoencoder
from model.study.ways.rotation import Rotation
from model.study.ways.task import Known


class Scaled(Autoencoder):
    """The same task, its loss times a number."""

    factor = -3.0

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.factor * super().loss(outputs, targets)


def test_a_task_against_its_own_opposite(known: Known, batch: Batch, random: torch.Generator):
    torch.manual_seed(0)
    encoder, one, other = Encoder(known.widths), Autoencoder(known), Scaled(known)
    other.load_state_dict(one.state_dict())
    found = agreements(encoder, (one, other), (batch, batch), random)
    assert [row.stage for row in found] == [0, 1, 2, 3, 4, 5]
    for row in found:
        assert row.cosine == pytest.approx(-1, abs=1e-4)
        assert row.same == pytest.approx(1, abs=1e-4)
        assert row.ratio == pytest.approx(3, rel=1e-4)


def test_by_hand(known: Known, batch: Batch):
    torch.manual_seed(0)
    encoder, tasks = Encoder(known.widths), (Autoencoder(known), Rotation(known))
    found = agreements(encoder, tasks, (batch, batch), torch.Generator().manual_seed(0))
    random = torch.Generator().manual_seed(0)
    a, b = (gradients(encoder, task, batch, random) for task in tasks)
    assert [part.numel() for part in a] == [stage[0].weight.numel() for stage in encoder.stages]
    whole = sum(float(x @ y) for x, y in zip(a, b, strict=True))
    lengths = [sum(float(x @ x) for x in part) ** 0.5 for part in (a, b)]
    assert found[0].cosine == pytest.approx(whole / lengths[0] / lengths[1], abs=1e-3)
    assert found[0].ratio == pytest.approx(lengths[1] / lengths[0], rel=1e-3)


def test_nothing_learns_from_comparing(known: Known, batch: Batch, random: torch.Generator):
    encoder, tasks = Encoder(known.widths), (Autoencoder(known), Rotation(known))
    before = [weight.clone() for weight in encoder.parameters()]
    agreements(encoder, tasks, (batch, batch), random)
    assert all(torch.equal(x, y) for x, y in zip(before, encoder.parameters(), strict=True))
    assert all(weight.grad is None for weight in encoder.parameters())
