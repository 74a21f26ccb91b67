"""Quarter turns, by hand."""

import torch

from model.study.photographs import Batch
from model.study.ways.rotation import Rotation
from model.study.ways.task import Known


def test_turns_by_hand(known: Known, random: torch.Generator):
    corner = torch.zeros(40, 1, 4, 4)
    corner[:, :, 0, 0] = 1  # counter-clockwise it goes down, right, up
    turned, turns = Rotation(known).inputs_targets(Batch(corner, corner), random)
    where = {0: (0, 0), 1: (3, 0), 2: (3, 3), 3: (0, 3)}
    assert set(turns.tolist()) == set(where)
    assert all(image[0][where[turn]] == 1 for image, turn in zip(turned, turns.tolist(), strict=True))


def test_a_guess_costs_log_4(known: Known):
    loss = Rotation(known).loss(torch.zeros(2, 4), torch.tensor([0, 3]))
    assert torch.isclose(loss, torch.tensor(4.0).log())
