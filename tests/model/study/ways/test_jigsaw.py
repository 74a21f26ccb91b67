"""Pieces, by hand."""

import torch

from model.study.photographs import Batch
from model.study.ways.jigsaw import ORDERS, Jigsaw, normal, pieces
from model.study.ways.task import Known


def test_pieces_by_hand():
    image = torch.arange(256.0).reshape(1, 1, 16, 16)
    cut = pieces(image, [0, 0, 1, 0, 0, 1, 1, 1])[0, :, 0]  # cells of 8 px, pieces of 7
    assert cut.shape == (4, 7, 7)
    assert cut[:, 0, 0].tolist() == [0, 1 * 16 + 8, 8 * 16 + 1, 9 * 16 + 9]


def test_an_order_tells_where_each_piece_came_from(known: Known, random: torch.Generator):
    # Each quadrant has its own ramp, told by direction and sign, which survives mean 0 and variance 1.
    ramp = torch.arange(8.0).expand(8, 8)
    top, bottom = torch.cat([ramp, -ramp], 1), torch.cat([ramp.T, -ramp.T], 1)
    image = torch.cat([top, bottom]).expand(30, 1, 16, 16)
    laid, chosen = Jigsaw(known).inputs_targets(Batch(image, image), random)
    ramps = torch.stack([part[:7, :7] for part in (ramp, -ramp, ramp.T, -ramp.T)])[:, None]
    kinds = (laid.flatten(1) @ normal(ramps).flatten(1).T).argmax(1).reshape(30, 4)
    assert [tuple(row) for row in kinds.tolist()] == [ORDERS[number] for number in chosen.tolist()]
    assert len(set(chosen.tolist())) > 5


def test_brightness_tells_nothing():
    image = torch.rand(3, 1, 8, 8)
    assert torch.allclose(normal(image), normal(0.5 * image + 0.3), atol=1e-5)


def test_a_guess_costs_log_24(known: Known):
    loss = Jigsaw(known).loss(torch.zeros(2, 24), torch.tensor([0, 23]))
    assert torch.isclose(loss, torch.tensor(24.0).log())
