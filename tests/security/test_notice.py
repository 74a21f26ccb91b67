"""LICENSE, NOTICE, pyproject.toml and the bill of materials say the same of who owns what."""

import re
import tomllib

from security import sbom
from security.notice import NOTICE, licence
from security.shipped import PROJECT, shipped

TEXT = NOTICE.read_text()
TOLD = dict(line.removeprefix("- ").split(": ", 1) for line in TEXT.splitlines() if line.startswith("- "))


def test_every_package_that_is_shipped_is_named_with_its_licence() -> None:
    assert shipped().keys() <= TOLD.keys()
    assert "unknown" not in TOLD.values()
    assert TOLD["numpy"].startswith(licence("numpy"))


def test_nothing_that_is_shipped_is_under_the_gpl() -> None:
    """But for the run-time libraries of GCC, whose exception leaves what uses them alone."""
    for name, told in TOLD.items():
        assert not re.search(r"(?<!L)GPL(?!-3.0 with GCC exception)", told), name
    assert "pillow-heif" not in TOLD


def test_the_weights_and_where_they_come_from_are_named() -> None:
    for words in ("model/weights/photochrom.onnx", "EfficientNet-Lite2", "research data"):
        assert words in TEXT


def test_the_project_is_under_the_apache_license() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert project["license"] == "Apache-2.0"
    text = PROJECT.with_name("LICENSE").read_text()
    assert "Apache License" in text.splitlines()[0]
    assert "END OF TERMS AND CONDITIONS" in text
    (named,) = sbom.bill()["metadata"]["component"]["licenses"]
    assert named["license"]["id"] == "Apache-2.0"


def test_images_and_packages_carry_both_files() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert set(project["license-files"]) == {"LICENSE", "NOTICE"}
    assert {"!LICENSE", "!NOTICE"} <= set(PROJECT.with_name(".dockerignore").read_text().split())
