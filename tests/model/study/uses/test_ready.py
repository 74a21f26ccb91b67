import torch

from model.study.encoder import Encoder
from model.study.labelled import Sets
from model.study.uses.ready import calibrated


def test_statistics_become_those_of_the_photographs(encoder: Encoder, sets: Sets) -> None:
    (photographs,) = sets.train.inputs(100)
    ready = calibrated(encoder, [photographs])
    first, norm = encoder.stages[0][0](photographs), ready.stages[0][1]
    torch.testing.assert_close(norm.running_mean, first.mean((0, 2, 3)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(norm.running_var, first.var((0, 2, 3)), atol=1e-5, rtol=1e-4)


def test_what_the_encoder_remembered_of_other_photographs_does_not_matter(
    encoder: Encoder, sets: Sets
) -> None:
    (photographs,) = sets.train.inputs(100)
    before = calibrated(encoder, [photographs])
    for _ in range(3):
        encoder.train()(photographs * 7 + 3)
    after = calibrated(encoder, [photographs])
    assert all(a.equal(b) for a, b in zip(before(photographs), after(photographs), strict=True))
    assert not after.training
