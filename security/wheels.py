"""Show that every locked package has a wheel for every machine: python -m security.wheels [--python 3.11].

It asks the index that pip is set to use for the files of each package, and looks for one that the machine takes and
that the lock knows by its hash. It downloads none of them. Exits with 1 if a package lacks a wheel.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from .index import files_of, index_of_pip

LOCKS = Path(__file__).parents[1] / "requirements"
_GLIBC = 36  # Debian 12, the base of the images
_LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}


@dataclass(frozen=True)
class Machine:
    """A kind of machine, and the locks that are installed on it."""

    name: str
    markers: dict[str, str]
    platforms: tuple[str, ...]
    locks: tuple[str, ...]


@dataclass(frozen=True)
class Pin:
    """A package of a lock that a machine needs."""

    name: str
    version: str
    hashes: frozenset[str]


def _linux(architecture: str, *locks: str) -> Machine:
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in range(_GLIBC, 4, -1)]
    platforms += [f"{name}_{architecture}" for name in _LEGACY.values()]
    markers = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    return Machine(
        f"Linux {architecture}", {**markers, "platform_machine": architecture}, tuple(platforms), locks
    )


_IMAGES = ("api", "worker", "queue", "objects")
MACHINES = (
    _linux("x86_64", "service", "client", "model", "dev", "build", "worker-gpu", *_IMAGES),
    _linux("aarch64", "service", "client", "model", "build", *_IMAGES),
    Machine(
        "macOS arm64",
        {
            "sys_platform": "darwin",
            "platform_system": "Darwin",
            "os_name": "posix",
            "platform_machine": "arm64",
        },
        tuple(mac_platforms((14, 0), "arm64")),
        ("service", "client", "model", "build"),
    ),
    Machine(
        "Windows x86_64",
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
        ("win_amd64",),
        ("client",),
    ),
)


def pins(lock: str, machine: Machine, python: str) -> list[Pin]:
    """Return what this machine installs of a lock's text."""
    environment = {**machine.markers, "python_version": python, "python_full_version": f"{python}.0"}
    environment |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    found = []
    for entry in re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE)):
        line, *rest = entry.split("\\\n")
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({**environment, "extra": ""}):
            hashes = frozenset(re.findall(r"sha256:([0-9a-f]{64})", "".join(rest)))
            (version,) = (one.version for one in needed.specifier)
            found.append(Pin(canonicalize_name(needed.name), version, hashes))
    return found


def tags(machine: Machine, python: str) -> frozenset[Tag]:
    """Return the tags of all wheels that CPython of this version takes there."""
    version = tuple(map(int, python.split(".")))
    name = f"cp{version[0]}{version[1]}"
    own = cpython_tags(version, abis=[name], platforms=machine.platforms)
    return frozenset((*own, *compatible_tags(version, interpreter=name, platforms=machine.platforms)))


def has_wheel(pin: Pin, files: Mapping[str, str], taken: frozenset[Tag]) -> bool:
    """Return whether one of the files (their SHA-256, by name) is a locked wheel of the pin that is taken."""
    return any(
        sha256 in pin.hashes and version == pin.version and not taken.isdisjoint(wheel_tags)
        for sha256, version, wheel_tags in _wheels(files)
    )


def _wheels(files: Mapping[str, str]) -> Iterator[tuple[str, str, frozenset[Tag]]]:
    for file, sha256 in files.items():
        try:
            _, version, _, wheel_tags = parse_wheel_filename(file)
        except InvalidWheelFilename:
            continue
        yield sha256, str(version), wheel_tags


def report(python: str, locks: Path, machines: Iterable[Machine] = MACHINES) -> tuple[int, list[str]]:
    """Return the exit code and the lines of the table."""
    needed = {
        (machine.name, lock): pins((locks / f"{lock}.txt").read_text(), machine, python)
        for machine in machines
        for lock in machine.locks
    }
    files = _files({pin.name for several in needed.values() for pin in several})
    taken = {machine.name: tags(machine, python) for machine in machines}
    lines, code = [f"{'machine':<15} {'lock':<11} packages  without a wheel for Python {python}"], 0
    for (machine, lock), several in needed.items():
        lacking = [
            f"{pin.name} {pin.version}"
            for pin in several
            if not has_wheel(pin, files[pin.name], taken[machine])
        ]
        lines.append(f"{machine:<15} {lock:<11} {len(several):>8}  {', '.join(lacking) or '-'}")
        code |= bool(lacking)
    return code, lines


def _files(names: Iterable[str]) -> dict[str, dict[str, str]]:
    index, trust = index_of_pip()
    ordered = sorted(names)
    with ThreadPoolExecutor(8) as several:
        return dict(
            zip(ordered, several.map(partial(files_of, index=index, trust=trust), ordered), strict=True)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the table, and set the exit code."""
    parser = argparse.ArgumentParser(prog="python -m security.wheels", description=__doc__)
    parser.add_argument("--python", default="3.11", help="version of CPython (default 3.11)")
    parser.add_argument(
        "--locks", type=Path, default=LOCKS, help="folder of the locks (default requirements)"
    )
    told = parser.parse_args(arguments)
    code, lines = report(told.python, told.locks)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
