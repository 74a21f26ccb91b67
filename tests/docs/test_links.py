import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("*.md")),
    ROOT / "model" / "weights" / "MODEL_CARD.md",
]


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    for target, fragment in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        if fragment and linked.suffix == ".md":
            assert fragment in anchors(linked), f"{target}#{fragment}"


FILES = [
    str(path.relative_to(ROOT))
    for folder in ROOT.iterdir()
    # Not among the thousands of packages in `.venv`.
    if folder.is_dir() and not folder.name.startswith(".")
    for kind in ("py", "js")
    for path in folder.rglob(f"*.{kind}")
]
TOLD = [
    page
    for page in PAGES
    if page.name != "CHANGELOG.md" and "reports" not in page.parts and "lab" not in page.parts
]


@pytest.mark.parametrize("page", TOLD, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_script_that_a_document_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]+\.(?:py|js))`", page.read_text()))
    assert not {name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in FILES)}
