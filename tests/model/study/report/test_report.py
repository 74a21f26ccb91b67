import re
from pathlib import Path

import pytest
from PIL import Image

from model.study.plans import PLANS
from model.study.report.__main__ import kept, main, make, remake
from model.study.report.columns import columns
from model.study.report.record import Record
from model.study.report.results import Results
from support.pictures.probe_sets import write_classes, write_streets
from support.servers.running import ROOT

PLOTS = ("stages", "shares", "losses", "gradients")


@pytest.fixture(scope="module")
def page(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("docs") / "representation.md"
    make(study, path)
    return path


def test_the_page_is_made_from_its_record_alone(page: Path) -> None:
    assert page.read_text() == remake(page, "small")


def test_the_record_is_what_the_study_wrote(study: Path, page: Path) -> None:
    assert Record.read(kept(page, "small")) == Record.gather(study)


def test_no_gap_is_left(page: Path) -> None:
    assert "$" not in page.read_text()
    assert "Not measured yet" not in page.read_text()
    assert "labels | 30.5 ± 0.5 |" in page.read_text()


def test_every_table_stands_in_its_place(page: Path) -> None:
    text = page.read_text()
    tables = (
        "| combination | stage 1 |",
        "| combination | probe",
        "| claim |",
        "| mixing |",
        "| way | stage 1 |",
    )
    assert all(text.count(head) == 1 for head in tables)


def test_shares_of_the_labels_are_those_that_were_used(page: Path) -> None:
    text = page.read_text()  # one photograph of each of four classes is more than a hundredth of sixty
    assert "| 6.7 % of labels | 10 % of labels | 100 % of labels |" in text
    assert "learns from 4, 6, 60 of these photographs (6.7 %, 10 %, 100 % of the labels)" in text


def test_the_same_figures_give_the_same_pictures(study: Path, page: Path, tmp_path: Path) -> None:
    make(study, tmp_path / "again.md")
    for what in PLOTS:
        one, other = (folder / "images" / "study" / f"small-{what}.svg" for folder in (page.parent, tmp_path))
        assert one.read_bytes() == other.read_bytes()
        assert one.stat().st_size > 3000


def test_what_was_not_measured_is_said(study: Path, tmp_path: Path) -> None:
    record = Record.gather(study)
    rows = [row for row in record.results if row["way"] != "jigsaw"]
    partial = record._replace(results=rows, snapshots=[], gradients=[])
    partial.write(kept(tmp_path / "page.md", "small"))
    text = remake(tmp_path / "page.md", "small")
    assert "Not measured yet, at least in part: jigsaw." in text
    assert "| Jigsaw teaches more than colorization |" + 5 * " missing |" in text


def test_with_labelled_sets_streets_and_the_shipped_encoder_are_shown(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_weights: Path
) -> None:
    write_classes(tmp_path / "tiny-imagenet-4.npz")
    write_streets(tmp_path / "camvid.npz")
    for _ in range(2):  # it is measured once
        make(study, tmp_path / "page.md", tmp_path, tiny_weights)
    text = (tmp_path / "page.md").read_text()
    assert text.count("| the shipped colorizer's encoder, begun from ImageNet labels |") == 2
    with Image.open(tmp_path / "images" / "study" / "small-streets.webp") as image:
        assert image.size == (5 * 64, 3 * 48 + 14)


def test_a_folder_without_a_study_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(tmp_path / "page.md")]) == 1
    assert "holds no study" in capsys.readouterr().err


@pytest.fixture
def committed() -> tuple[Path, str]:
    """The page of the documentation, and the study that it says it is made from."""
    path = ROOT / "docs" / "representation.md"
    (name,) = set(re.findall(r"docs/reports/study-(\w+)/", path.read_text()))
    return path, name


def test_the_committed_page_follows_from_the_committed_figures(committed: tuple[Path, str]) -> None:
    path, name = committed
    assert path.read_text() == remake(path, name)


def test_every_way_that_learned_is_above_random_filters_in_some_use(committed: tuple[Path, str]) -> None:
    path, name = committed
    results = Results.of_record(Record.read(kept(path, name)))
    for way in (way for way in PLANS if way != "random"):
        found = [results.gain(way, "random", column.ask) for column in columns(results)]
        assert any(gain is not None and gain.verdict == "yes" for gain in found), way


def test_what_a_person_wrote_holds_no_number(committed: tuple[Path, str]) -> None:
    path, name = committed
    assert not re.search(r"\d", (kept(path, name) / "reading.md").read_text())


def test_every_picture_of_the_page_is_there(committed: tuple[Path, str]) -> None:
    path, _ = committed
    pictures = re.findall(r"\]\((images/study/[^)]+)\)", path.read_text())
    assert pictures
    assert all((path.parent / picture).is_file() for picture in pictures)
