"""The photograph given back, by hand."""

import torch

from model.study.photographs import Batch
from model.study.ways.autoencoder import Autoencoder
from model.study.ways.task import Known


def test_the_error_by_hand(known: Known):
    assert Autoencoder(known).loss(torch.tensor([0.5, -0.5]), torch.tensor([1.0, -1.0])) == 0.25


def test_the_answer_has_the_photographs_size(known: Known):
    maps = [torch.zeros(2, width, 3, 3) for width in known.widths]
    assert Autoencoder(known).head(maps).shape == (2, 1, 48, 48)


def test_what_is_seen_is_what_is_to_be_found(known: Known, batch: Batch, random: torch.Generator):
    inputs, targets = Autoencoder(known).inputs_targets(batch, random)
    assert torch.equal(inputs, batch.inputs)
    assert torch.equal(targets, batch.inputs)
