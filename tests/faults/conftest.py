from pathlib import Path

import pytest

from support.contact import client, photo, server_url
from support.tiny_model import tiny_model

__all__ = ["client", "photo", "server_url"]


@pytest.fixture
def tiny(tmp_path: Path) -> dict[str, str]:
    """Settings of a service that starts fast and finds out fast that a worker has died."""
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    return {
        "PHOTOCHROM_MODEL_PATH": str(model),
        "PHOTOCHROM_HEARTBEAT_TTL": "2",
        "PHOTOCHROM_MAINTENANCE_INTERVAL": "1",
    }
