"""The report of faults names every finding, and for each a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from support.servers.running import ROOT

TEXT = (ROOT / "docs/reports/field-2026-11.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
HEAD = "| finding | what was wrong | mended by (commit subject) | held by (test) |"
FINDINGS = {
    *(f"F{n}" for n in range(1, 25)),
    *(f"C{n}" for n in range(1, 14)),
    *(f"R{n}" for n in range(1, 18)),
    *"ABCDEFGHIJKLMNOPQR",  # kinds of file faults
    # public reports that held here, too
    *map(str, (1, 2, 3, 4, 5, 6, 8, 10, 13, 28, 32, 33, 34, 45, 49, 50, 52, 53, 54, 55, 63)),
}


def rows() -> list[list[str]]:
    """The cells of every row of the tables."""
    tables = [table.partition("\n\n")[0] for table in TEXT.split(HEAD)[1:]]
    lines = [line for table in tables for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def names_of(path: Path) -> set[str]:
    """The names of the tests in a file or folder."""
    files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    trees = [ast.parse(file.read_text()) for file in files]
    functions = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def missing(reference: str) -> str:
    """What a reference names that is not there: `make target`, `path`, `path::test` or `path -k words`."""
    if target := re.match(r"make ([\w-]+)", reference):
        return "" if f"\n{target[1]}:" in MAKEFILE else reference
    path, _, words = reference.partition(" -k ")
    path, _, name = path.partition("::")
    if not path.startswith("tests/") or not (ROOT / path).exists():
        return path
    names = names_of(ROOT / path)
    if name and name not in names:
        return name
    wanted = words.strip('"').split(" or ") if words else [""]
    return ", ".join(word for word in wanted if not any(word in test for test in names))


def test_every_finding_has_a_row() -> None:
    named = {word for row in rows() for word in re.findall(r"\b(?:[FCR]\d+|[A-R]|\d+)\b", row[0])}
    assert named >= FINDINGS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_row_names_its_mend_and_tests_that_exist(row: list[str]) -> None:
    _, wrong, mend, held = row
    assert wrong
    assert mend
    references = re.findall(r"`([^`]+)`", held)
    assert references
    assert not [absent for reference in references if (absent := missing(reference))]
