"""The service's own OpenAPI document, as it is kept.

To make it takes a process more than a second; that it is what the service would make is a test of its own
(tests/docs/test_openapi.py).
"""

import json
from typing import Any

from support.servers.running import ROOT

METHODS = {"get", "head", "post", "put", "patch", "delete"}


def document() -> dict[str, Any]:
    """Return a document of the caller's own."""
    written: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return written


def calls() -> list[tuple[str, str]]:
    """Return the method, in small letters, and the path of every call."""
    return [
        (method, path)
        for path, methods in document()["paths"].items()
        for method in methods
        if method in METHODS
    ]
