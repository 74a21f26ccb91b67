"""Laws of every task, whatever it asks."""

import pytest
import torch

from model.study.encoder import Encoder
from model.study.photographs import Batch
from model.study.ways.autoencoder import Autoencoder
from model.study.ways.classes import Classes, Rebalanced
from model.study.ways.denoising import Denoising
from model.study.ways.histograms import Histograms
from model.study.ways.jigsaw import Jigsaw
from model.study.ways.labels import Labels
from model.study.ways.regression import Regression
from model.study.ways.rotation import Rotation
from model.study.ways.task import Known, Task

TASKS = (Autoencoder, Denoising, Classes, Rebalanced, Histograms, Jigsaw, Labels, Regression, Rotation)


def flat(parts: object) -> list[torch.Tensor]:
    return [parts] if isinstance(parts, torch.Tensor) else [x for part in parts for x in flat(part)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("task", TASKS)
def test_inputs_fit_the_encoder_and_depend_on_the_seed_alone(task: type[Task], known: Known, batch: Batch):
    asks = task(known)
    inputs, targets = asks.inputs_targets(batch, torch.Generator().manual_seed(3))
    again = asks.inputs_targets(batch, torch.Generator().manual_seed(3))
    assert inputs.shape[1] == 1
    assert inputs.shape[0] % len(batch.inputs) == 0
    assert all(torch.equal(x, y) for x, y in zip(flat((inputs, targets)), flat(again), strict=True))


@pytest.mark.parametrize("task", TASKS)
def test_the_loss_reaches_every_stage_and_falls(task: type[Task], known: Known, batch: Batch):
    torch.manual_seed(0)
    encoder, asks = Encoder(known.widths), task(known)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *asks.parameters()], 1e-2)
    losses = []
    for _ in range(25):  # the same question again and again: what is asked can be learned
        loss = asks(encoder, batch, torch.Generator().manual_seed(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert all(weight.grad is not None and weight.grad.any() for weight in encoder.parameters())
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("task", TASKS)
def test_bfloat16_asks_the_same(task: type[Task], known: Known, batch: Batch):
    torch.manual_seed(0)
    encoder, asks = Encoder(known.widths), task(known)
    exact = asks(encoder, batch, torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):  # as a GPU learns
        rounded = asks(encoder, batch, torch.Generator().manual_seed(0))
    assert rounded.dtype == torch.float32
    assert rounded.item() == pytest.approx(exact.item(), rel=0.05)
