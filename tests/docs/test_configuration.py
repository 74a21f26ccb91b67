import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import ServiceSettings
from workers.settings import WorkerSettings

ROOT = Path(__file__).parents[2]
SCRIPT = [sys.executable, str(ROOT / "docs" / "configuration.py"), "--check"]
# Where things are inside of a container is the image's business.
_PLACES = ("DATA_DIR", "HOST", "PORT", "REDIS_URL")
_MODELS = ("MODEL_PATH", "FILM_MODEL_PATH", "RECOGNIZER_PATH", "FINDER_PATH", "TURNER_PATH", "ALBUM_PATH")
IN_THE_IMAGE = {f"PHOTOCHROM_{name}" for name in (*_PLACES, *_MODELS)}
SETTINGS = sorted(
    {f"PHOTOCHROM_{name.upper()}" for s in (ServiceSettings, WorkerSettings) for name in s.model_fields}
)


def test_the_page_says_what_the_settings_say():
    run = subprocess.run(SCRIPT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("variable", [name for name in SETTINGS if name not in IN_THE_IMAGE])
def test_compose_passes_every_setting_and_its_example_shows_it(variable):
    assert re.search(rf"^(# )?{variable}=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert f"{variable}: ${{{variable}:" in (ROOT / "docker-compose.yml").read_text()
