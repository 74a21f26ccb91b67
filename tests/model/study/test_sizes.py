"""What the uses find in sets that may hold less than the budget asks for."""

import json

import torch

from model.study.labelled import Labelled, Sets
from model.study.sizes import Sizes
from model.study.uses.budget import UsesBudget


def labelled(count: int, classes: int) -> Labelled:
    return Labelled(torch.zeros(count, 1, 2, 2, dtype=torch.uint8), torch.arange(count) % classes)


def test_a_share_takes_one_of_each_class_at_least() -> None:
    sets = Sets(labelled(200, 10), labelled(50, 10), labelled(7, 3), labelled(5, 3))
    sizes = Sizes.of(sets, UsesBudget(train=100, validation=1000, shares=(0.01, 0.2, 1), frames=4))
    assert sizes == Sizes(
        classes=10, train=100, validation=50, tuned={0.01: 10, 0.2: 20, 1: 100}, frames=4, test_frames=5
    )
    assert [sizes.share(share) for share in (0.01, 0.2, 1)] == [0.1, 0.2, 1]
    assert Sizes.model_validate(json.loads(sizes.model_dump_json())) == sizes
