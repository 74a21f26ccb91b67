"""The photograph given back, by hand."""

import pytest
import torch

from model.study.photographs import Batch
from model.study.ways.autoencoder import NOISE, Autoencoder, Denoising
from model.study.ways.task import Known


def test_the_error_by_hand(known: Known):
    assert Autoencoder(known).loss(torch.tensor([0.5, -0.5]), torch.tensor([1.0, -1.0])) == 0.25


def test_the_answer_has_the_photographs_size(known: Known):
    maps = [torch.zeros(2, width, 3, 3) for width in known.widths]
    assert Autoencoder(known).head(maps).shape == (2, 1, 48, 48)


def test_only_the_input_is_noisy(known: Known, batch: Batch, random: torch.Generator):
    noisy, clean = Denoising(known).inputs_targets(batch, random)
    assert torch.equal(clean, batch.inputs)
    assert (noisy - clean).std().item() == pytest.approx(NOISE, rel=0.05)
    plain, same = Autoencoder(known).inputs_targets(batch, random)
    assert torch.equal(plain, same)
