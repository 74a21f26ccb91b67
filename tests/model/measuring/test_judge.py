from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch

from model.imagenet import imagenet_weights
from model.measuring.judge import Judge, Verdicts, frechet_distance, load_judge
from model.training.data import decode_square
from photochrom.errors import PhotoRejected

PHOTOS = Path("tests/photos")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


def square(name: str) -> torch.Tensor:
    pixels = decode_square((PHOTOS / name).read_bytes(), 256)
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float()


# ImageNet: 285 Egyptian cat, 967 espresso, 657 missile (a rocket on its pad).
@pytest.mark.parametrize(("name", "index"), [("cat.jpg", 285), ("coffee.jpg", 967), ("rocket.jpg", 657)])
def test_the_judge_names_what_is_there(judge: Judge, name: str, index: int) -> None:
    features, classes = judge(square(name))
    assert classes.tolist() == [index]
    assert features.shape == (1, 1280)


def test_every_weight_of_the_judge_comes_from_imagenet(judge: Judge) -> None:
    given = imagenet_weights("lite0")
    assert torch.equal(judge.classify.weight, given["_fc.weight"])
    assert torch.equal(judge.head_norm.running_var, given["_bn1.running_var"])
    assert len(judge.state_dict()) == len(given)


def test_it_looks_at_the_centre_only(judge: Judge) -> None:
    photo, framed = square("cat.jpg"), square("cat.jpg")
    framed[..., :16] = 0
    assert torch.equal(judge(photo)[0], judge(framed)[0])


# ---------------------------------------------------------------- Frechet distance


def test_two_shifted_and_stretched_clouds_by_hand() -> None:
    # One feature: |m1 - m2|^2 + (s1 - s2)^2 with the sample deviations sqrt(2) and 3 sqrt(2).
    given, truth = torch.tensor([[-1.0], [1.0]]), torch.tensor([[2.0], [8.0]])
    assert frechet_distance(given, truth) == pytest.approx(25 + 8, rel=1e-12)


@pytest.mark.parametrize("samples", [300, 12])  # 12 samples in 20 dimensions: singular covariances
def test_it_agrees_with_scipys_matrix_root(samples: int) -> None:
    random = np.random.default_rng(0)
    given = random.normal(size=(samples, 20)) @ random.normal(size=(20, 20))
    truth = random.normal(size=(samples + 5, 20)) @ random.normal(size=(20, 20)) + 1
    c1, c2 = np.cov(given.T), np.cov(truth.T)
    half = scipy.linalg.sqrtm(c1).real
    root = np.trace(scipy.linalg.sqrtm(half @ c2 @ half)).real
    means = given.mean(0) - truth.mean(0)
    expected = means @ means + np.trace(c1) + np.trace(c2) - 2 * root
    ours = frechet_distance(torch.from_numpy(given), torch.from_numpy(truth))
    assert ours == pytest.approx(expected, rel=1e-4)


def test_many_samples_of_known_gaussians_approach_their_distance() -> None:
    random = torch.Generator().manual_seed(0)
    deviations = torch.tensor([[1.0, 2.0, 3.0]])
    given = torch.randn(40_000, 3, generator=random)
    truth = torch.randn(40_000, 3, generator=random) * deviations + 2
    assert frechet_distance(given, truth) == pytest.approx(3 * 4 + 0 + 1 + 4, rel=0.02)


def test_no_distance_from_itself_and_none_from_one_sample() -> None:
    cloud = torch.randn(30, 50, generator=torch.Generator().manual_seed(1))
    assert frechet_distance(cloud, cloud) == pytest.approx(0, abs=1e-9)
    with pytest.raises(PhotoRejected, match="at least two"):
        frechet_distance(cloud[:1], cloud)


# ---------------------------------------------------------------- verdicts


def test_agreement_is_with_the_true_photograph_and_top1_with_the_label(judge: Judge) -> None:
    truth = torch.cat([square("cat.jpg"), square("coffee.jpg")])
    swapped, grey = truth.flip(0), truth.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    verdicts = Verdicts(judge, {"cat": 285})
    same, wrong = verdicts.add(["cat", "coffee"], [truth, swapped], grey, truth)
    assert [f["judge_agreement"] for f in same] == [1, 1]
    assert [f["judge_agreement"] for f in wrong] == [0, 0]
    assert (same[0]["top1"], wrong[0]["top1"], wrong[0]["top1_truth"]) == (1, 0, 1)
    assert "top1" not in same[1]
    still_seen = judge(grey)[1] == judge(truth)[1]
    assert [f["judge_agreement_grey"] for f in same] == still_seen.tolist()

    at_truth, at_swapped = verdicts.frechet()
    assert at_truth["frechet"] == pytest.approx(0, abs=1e-6)
    assert at_swapped["frechet"] == pytest.approx(0, abs=1e-6)  # the same set in another order
    assert at_truth["frechet_grey"] == at_swapped["frechet_grey"] > 1
