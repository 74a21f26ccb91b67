"""Write docs/configuration.md from the settings' own descriptions: make docs (or, to compare only, with --check)."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from photochrom.settings import SharedSettings
from service.settings import ServiceSettings
from workers.settings import WorkerSettings

PAGE = Path(__file__).with_name("configuration.md")
_HEAD = """# Configuration

Every setting is an environment variable. This page is made from the settings themselves by `make docs`; what a setting
is compared with or used for stands in `photochrom/settings.py`, `service/settings.py` and `workers/settings.py`.

Durations are ISO 8601 (`P1D`, `PT30M`) or seconds, lists are JSON (`["https://photos.example"]`). A value that does not
fit its type ends the program at its start, with a sentence that names the variable.
"""
_PARTS = (
    ("Both sides", "Service and workers must agree on these.", SharedSettings, None),
    ("Service", "The HTTP front end, `python -m service`.", ServiceSettings, SharedSettings),
    ("Workers", "`python -m workers`.", WorkerSettings, SharedSettings),
)


def variables(name: str, field: FieldInfo) -> list[str]:
    """Return the environment variables that set a field, the first one first in rank."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [f"PHOTOCHROM_{name.upper()}"]


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(_section(*part) for part in _PARTS)])


def _section(
    title: str, what: str, settings: type[SharedSettings], without: type[SharedSettings] | None
) -> str:
    inherited = without.model_fields if without else {}
    rows = [_row(name, field) for name, field in settings.model_fields.items() if name not in inherited]
    head = "| variable | default | what it does |\n| --- | --- | --- |"
    return f"## {title}\n\n{what}\n\n{head}\n" + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    if not field.description:
        raise SystemExit(f"The setting {name} has no description.")
    names = " or ".join(f"`{variable}`" for variable in variables(name, field))
    return f"| {names} | {_shown(field.get_default(call_default_factory=True))} | {field.description} |"


def _shown(value: Any) -> str:
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, tuple):
        return f"`{json.dumps(value, default=str)}`"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        hours = f"PT{seconds // 3600}H" if seconds % 3600 == 0 else f"PT{seconds}S"
        return f"`P{value.days}D`" if value.seconds == 0 else f"`{hours}`"
    if isinstance(value, Path) and value.is_absolute():
        return f"`{value.relative_to(Path(__file__).parents[1])}` of the installation"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        sys.exit("docs/configuration.md is not what the settings say: run `make docs` and commit it.")
