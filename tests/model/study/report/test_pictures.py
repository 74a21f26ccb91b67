import numpy as np
import torch

from model.study.labelled import VOID
from model.study.report.pictures import filters_row, painted


def test_right_is_bright_wrong_is_dim_and_void_is_black() -> None:
    truth, found = torch.tensor([[[3, 3, VOID]]]), torch.tensor([[[3, 8, 3]]])
    right, wrong, void = painted(found, truth)[0, 0].astype(int)
    assert right.tolist() == painted(truth[..., :1], truth[..., :1])[0, 0, 0].tolist()
    car = painted(torch.tensor([[[8]]]), torch.tensor([[[8]]]))[0, 0, 0]
    assert np.abs(wrong - 0.35 * car).max() <= 1
    assert void.tolist() == [0, 0, 0]


def test_a_filter_is_drawn_between_its_own_extremes() -> None:
    row = filters_row(torch.tensor([[[[0.0, 0.2], [-0.2, 0.1]]], [[[5.0, 0.0], [0.0, 0.0]]]]))
    assert row.shape == (12, 24, 3)  # 2 px filters, four times as large, in frames of 2 px
    assert row[2, 2].tolist() == [128] * 3
    assert row[2, 9].tolist() == [255] * 3
    assert row[9, 2].tolist() == [0] * 3
    assert row[2, 14].tolist() == [255] * 3
