"""Lists the packages of an installation of Photochrom, without those that only developers need."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = ("cpu", "embedded")
"""As `make up` installs them."""


def shipped(extras: tuple[str, ...] = EXTRAS) -> dict[str, str]:
    """Return the version of each package, by its normalized name: what these extras need, and what that needs.

    Raises:
        PackageNotFoundError: something is not installed.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = list(_own(("", *extras)))
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) not in seen:
            seen.add((name, extra))
            distribution = metadata.distribution(name)
            found[name] = distribution.version
            waiting += _needed(distribution.requires or (), extra)
    return found


def _own(extras: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What pyproject.toml asks for; extras of the project that name others of its own are followed."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    for extra in extras:
        lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
        own = [line for line in lines if Requirement(line).name == project["name"]]
        yield from _needed((line for line in lines if line not in own), extra)
        yield from _own(part for line in own for part in sorted(Requirement(line).extras))


def _needed(lines: Iterable[str], extra: str) -> Iterator[tuple[str, str]]:
    for line in lines:
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            yield from ((canonicalize_name(needed.name), part) for part in ("", *needed.extras))
