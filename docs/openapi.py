"""Write docs/openapi.json, the API as programs read it: make docs (or, to compare only, with --check)."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from service.app import create_app
from service.settings import ServiceSettings

FILE = Path(__file__).with_name("openapi.json")


def document() -> str:
    """Return the OpenAPI document of a service with default settings, in a stable order."""
    settings = ServiceSettings.model_construct()
    return json.dumps(create_app(settings).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        FILE.write_text(document(), encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != document():
        sys.exit("docs/openapi.json is not what the code says: run `make docs` and commit it.")
