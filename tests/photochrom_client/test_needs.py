"""`pip install 'photochrom[client]'` brings pydantic and httpx, and that is enough."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]

_IMPORT = """
import sys
allowed = set(sys.argv[1].split(","))
class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in allowed or top in sys.stdlib_module_names or top.startswith("_sysconfigdata")
        if not known:
            raise ModuleNotFoundError(f"{name} is not there", name=name)
sys.meta_path.insert(0, Absent())
from photochrom_client import Client, ColorizeOptions
ColorizeOptions(hints=[{"x": 0.5, "y": 0.5, "color": "#a04030"}])
Client("http://127.0.0.1:9").close()
"""


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


def brought(*names: str) -> set[str]:
    """Return the distributions that these bring, themselves among them."""
    known: set[str] = set()
    rest = list(names)
    while rest:
        name = plain(rest.pop())
        if name in known:
            continue
        known.add(name)
        try:
            needed = [need for need in metadata.requires(name) or [] if "extra ==" not in need]
        except metadata.PackageNotFoundError:
            continue  # for another Python, or another system
        rest += [re.match(r"[\w.-]+", need)[0] for need in needed]
    return known


def test_the_client_needs_pydantic_and_httpx_alone() -> None:
    distributions = brought("pydantic", "httpx")
    packages = metadata.packages_distributions()
    modules = {top for top, owners in packages.items() if distributions & {plain(name) for name in owners}}
    assert not modules & {"rich", "numpy", "redis"}
    allowed = ",".join({*modules, "photochrom", "photochrom_client"})
    run = subprocess.run([sys.executable, "-c", _IMPORT, allowed], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_the_extra_of_the_client_asks_for_no_more() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["client"]]
    assert {re.match(r"[\w-]+", need)[0] for need in asked} == {"pydantic", "httpx"}
