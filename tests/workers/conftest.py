from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.photo.cards.model import ModelCard
from photochrom.photo.options import ColorizeOptions
from support.queue.queueing import MODEL
from workers.child.colorist import Colorist
from workers.network.predictor import Prediction
from workers.settings import WorkerSettings

PHOTOS = Path(__file__).parents[1] / "photos"


class SmoothColors:
    """A predictor by formula: a hue that turns across the picture, and chroma that follows lightness.

    The laws of the pipeline must hold for any colours; these are strong, differ everywhere, and are not
    symmetric, so that a picture turned or tiled wrongly does not come out right.
    """

    def __init__(self, chroma: float = 45.0) -> None:
        self.card = ModelCard(
            name="smooth-colors",
            version="1",
            summary="test",
            bins=((0, 0), (10, 10)),
            side_min=64,
            side_max=512,
            predict_side=128,
            precision="fp32",
            training="none",
            training_data=(),
            license="CC0-1.0",
            weights_sha256="0" * 64,
        )
        self.provider = "formula"
        self.seen: list[np.ndarray] = []
        self._chroma = chroma

    def predict(self, lightness: np.ndarray, options: ColorizeOptions) -> Prediction:
        self.seen.append(lightness)
        stride = self.card.stride
        small = lightness.reshape(lightness.shape[0] // stride, stride, lightness.shape[1] // stride, stride)
        small = small.mean(axis=(1, 3))
        y, x = np.meshgrid(*(np.linspace(0, 1, n) for n in small.shape), indexing="ij")
        hue, chroma = 5 * x + 3 * y * y, self._chroma * (0.3 + small / 150)
        ab = np.stack([chroma * np.cos(hue), chroma * np.sin(hue)]).astype(np.float32)
        return Prediction(ab, np.ones_like(small, np.float32))


@pytest.fixture(scope="session")
def colorist() -> Iterator[Colorist]:
    """A real child with the shipped model."""
    with closing(Colorist(WorkerSettings(model_path=MODEL), 1)) as child:
        child.ready()
        yield child


@pytest.fixture
def predictor() -> SmoothColors:
    return SmoothColors()


@pytest.fixture(scope="session")
def photo_names() -> list[str]:
    return sorted(path.stem for path in PHOTOS.glob("*.jpg"))


@pytest.fixture(scope="session")
def grey_photo() -> np.ndarray:
    """The astronaut as grey bytes (512, 512)."""
    return np.asarray(Image.open(PHOTOS / "astronaut.jpg").convert("L"))


@pytest.fixture(scope="session")
def rgb_photo() -> np.ndarray:
    """The coffee as RGB bytes (320, 480, 3)."""
    return np.asarray(Image.open(PHOTOS / "coffee.jpg"))
