from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from support.networks.tiny_model import tiny_model
from workers.child.colorist import Colorist
from workers.settings import WorkerSettings

Hire = Callable[..., Colorist]


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    path.write_bytes(tiny_model())
    return path


@pytest.fixture
def hire(tiny_path: Path) -> Iterator[Hire]:
    """Start real children with the tiny network, ended with the test."""
    with ExitStack() as open_ones:

        def start(**settings: Any) -> Colorist:
            told = WorkerSettings(model_path=tiny_path, **settings)
            colorist = open_ones.enter_context(closing(Colorist(told, 1)))
            colorist.ready()
            return colorist

        yield start
