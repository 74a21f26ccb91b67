"""The photograph from below noise, by hand."""

import pytest
import torch

from model.study.photographs import Batch
from model.study.ways.denoising import NOISE, Denoising
from model.study.ways.task import Known


def test_only_the_input_is_noisy(known: Known, batch: Batch, random: torch.Generator):
    noisy, clean = Denoising(known).inputs_targets(batch, random)
    assert torch.equal(clean, batch.inputs)
    assert (noisy - clean).std().item() == pytest.approx(NOISE, rel=0.05)


def test_the_noise_itself_costs_its_variance(known: Known, batch: Batch, random: torch.Generator):
    noisy, clean = Denoising(known).inputs_targets(batch, random)
    assert Denoising(known).loss(noisy, clean).item() == pytest.approx(NOISE**2, rel=0.05)
