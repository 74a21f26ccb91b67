"""The recognizer from photographs to its file: it learns, its card holds what it says, torch and file agree."""

import copy
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from model.network import Colorizer
from model.recognizer.export import build, export
from model.recognizer.fit import Examples, fit, threshold
from model.recognizer.network import SIDE, Recognizer
from model.recognizer.photographs import glances, pairs
from photochrom.errors import ModelRejected
from photochrom.photo.cards.recognizer import RecognizerCard
from support.pictures.photographs import PHOTOS
from workers.network.recognizer import OnnxRecognizer

CARD = RecognizerCard(
    version="1",
    side=SIDE,
    threshold=0.0,
    modern_taken=0.2,
    film_found=0.7,
    measured="nothing",
    weights_sha256="0" * 64,
)


@pytest.fixture(scope="module")
def recognizer(make_smallest: Callable[[], Colorizer]) -> Recognizer:
    return Recognizer(make_smallest())


@pytest.fixture(scope="module")
def written(recognizer: Recognizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recognizer") / "recognizer.onnx"
    assert export(recognizer, CARD, path) < 0.05
    return path


def test_it_parts_what_differs_in_lightness(recognizer: Recognizer) -> None:
    random = torch.Generator().manual_seed(1)
    dark = torch.rand((4, 1, SIDE, SIDE), generator=random) * 50
    with torch.no_grad():
        known, other = (recognizer.features(part) for part in torch.cat([dark, dark + 45]).split(4))
    fitted = copy.deepcopy(recognizer)
    fit(fitted, Examples(known, other))
    with torch.no_grad():
        assert (fitted.plane(known) < 0).all()
        assert (fitted.plane(other) > 0).all()


@pytest.mark.parametrize("most", [0.05, 0.2, 0.5])
def test_the_threshold_takes_no_more_than_it_may(most: float) -> None:
    logits = torch.randn(500, generator=torch.Generator().manual_seed(2))
    taken = float((logits > threshold(logits, most)).double().mean())
    assert most - 0.02 <= taken <= most


def test_file_and_torch_agree_and_a_worker_reads_the_card(recognizer: Recognizer, written: Path) -> None:
    found = OnnxRecognizer(written, threads=1)
    assert found.side == SIDE
    assert found.card.model_copy(update={"weights_sha256": "0" * 64}) == CARD
    assert found.card.weights_sha256 != "0" * 64
    glance = np.random.default_rng(0).uniform(0, 100, (SIDE, SIDE)).astype(np.float32)
    with torch.no_grad():
        logit = float(recognizer(torch.from_numpy(glance)[None, None])[0])
    assert found.recognizes(glance) == (logit > 0)


def test_the_same_weights_give_the_same_file(recognizer: Recognizer, written: Path) -> None:
    assert build(recognizer, CARD).SerializeToString(deterministic=True) == written.read_bytes()


def test_another_file_is_refused(tmp_path: Path) -> None:
    from support.networks.tiny_model import tiny_model

    other = tmp_path / "tiny.onnx"
    other.write_bytes(tiny_model())
    with pytest.raises(ModelRejected, match=r"tiny\.onnx is not a recognizer"):
        OnnxRecognizer(other)


def test_photographs_come_clean_and_on_film_and_seeded(tmp_path: Path) -> None:
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as tar:
        for photo in sorted(PHOTOS.glob("c*.jpg")):
            tar.add(photo, photo.name)
    (one,), (two,) = (list(pairs(path, 2, seed=3)) for _ in range(2))
    clean, film = one
    assert clean.shape == film.shape == (2, 1, SIDE, SIDE)
    assert not torch.equal(clean, film)
    assert torch.equal(film, two[1])


def test_a_glance_leaves_a_mount_out() -> None:
    random = torch.Generator().manual_seed(4)
    photograph = (
        torch.nn.functional.interpolate(torch.rand((1, 1, 16, 16), generator=random), (176, 176)) * 70
    )
    mounted = torch.full((1, 1, 256, 256), 96.0)
    mounted[..., 40:216, 40:216] = photograph
    apart = (glances(mounted) - glances(photograph)).abs()
    assert float(apart.mean()) < 4
