"""What every way learns from."""

import torch

from model.study.material import gather
from model.study.photographs import color_counts, view
from model.training.stored import Stored


def test_labelled_photographs_have_no_color(stored: Stored):
    labels = torch.arange(8)
    material = gather(stored, stored.lightness[:8], labels, 8, (8, 8, 12, 12, 16))
    batch = view(material.labelled.take(torch.tensor([3])), 64, torch.Generator(), material.labels)
    assert not batch.ab.any()
    assert batch.labels is not None
    assert batch.labels.tolist() == [3]
    assert material.known.classes == 8
    assert torch.equal(material.known.color_counts, color_counts(stored.ab))
