"""Labels, by hand."""

import pytest
import torch

from model.study.photographs import Batch
from model.study.ways.labels import Labels
from model.study.ways.task import Known


def test_labels_by_hand(known: Known, batch: Batch, random: torch.Generator):
    inputs, targets = Labels(known).inputs_targets(batch, random)
    assert torch.equal(inputs, batch.inputs)
    assert targets is batch.labels
    # logits 0 and log 3: the right class has a quarter, or three
    logits = torch.tensor([[0.0, 3.0]]).log().nan_to_num(neginf=0.0)
    loss = Labels(known).loss(logits, torch.tensor([0]))
    assert loss.item() == pytest.approx(torch.tensor(4.0).log().item())
