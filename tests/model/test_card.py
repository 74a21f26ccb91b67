import json
from pathlib import Path

import pytest
from PIL import Image

from model.card import all_rows, figures_table, main, markdown, read_onnx_card, read_report
from model.shipping.about import About, read_about
from photochrom.errors import ModelRejected
from photochrom.photo.cards.model import ModelCard

SHIPPED = Path("model/weights/photochrom.onnx")
WEIGHTS = SHIPPED.parent


def report(folder: Path, **changes: object) -> Path:
    row = {
        "vividness": 0,
        "temperature": 1,
        "psnr": 24.5,
        "rmse_ab": 12.8,
        "frechet": 30.26,
        "calibration": [],
    }
    content = {"photos": 1206, "weights_sha256": read_onnx_card(SHIPPED).weights_sha256, "settings": [row]}
    (folder / "album.json").write_text(json.dumps(content | changes))
    return folder / "album.json"


def test_the_table_shows_what_was_measured_and_no_more(tmp_path: Path) -> None:
    rows = read_report(report(tmp_path), read_onnx_card(SHIPPED))
    assert figures_table(rows).splitlines() == [
        "| photographs | vividness | temperature | PSNR | RMSE ab | Fréchet |",
        "| --- | --- | --- | --- | --- | --- |",
        "| album (1,206) | 0 | 1 | 24.50 | 12.80 | 30.3 |",
    ]


def test_rows_with_other_measures_leave_cells_empty() -> None:
    shared = {"photos_name": "a", "photos": 2, "vividness": 1, "temperature": 0.38}
    lines = figures_table([{**shared, "psnr": 20.0}, {**shared, "ssim": 0.5, "psnr": None}]).splitlines()
    assert lines[2:] == ["| a (2) | 1 | 0.38 | 20.00 |  |", "| a (2) | 1 | 0.38 |  | 0.500 |"]


def test_a_report_replaces_the_figures_of_its_photographs_and_no_others() -> None:
    card = read_onnx_card(SHIPPED)
    (name,) = {figures.photos_name for figures in card.figures}
    other, same = {"photos_name": "other"}, {"photos_name": name}
    assert [row["photos_name"] for row in all_rows(card, [other])] == [name] * 3 + ["other"]
    assert all_rows(card, [same]) == [same]


def test_a_report_of_other_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="other weights"):
        read_report(report(tmp_path, weights_sha256="0" * 64), read_onnx_card(SHIPPED))


@pytest.mark.parametrize("text", ["{", "[]", '{"photos": 1}', '{"photos": "many", "settings": []}'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ModelRejected, match="not a report"):
        read_report(tmp_path / "bad.json", read_onnx_card(SHIPPED))


def test_the_command_writes_the_card_and_its_pictures(tmp_path: Path) -> None:
    photo = Path("tests/photos/cat.jpg").resolve()
    example = (
        f'photo = "{photo}"\ntitle = "Cat"\nkind = "success"\nseen = "Fur."\ncredit = "me"\nlicense = "CC0"'
    )
    (tmp_path / "about.toml").write_text(f"[sources]\nmine = 1234\n[[examples]]\n{example}\n")
    out = tmp_path / "CARD.md"
    arguments = ["--weights", SHIPPED, "--out", out, "--about", tmp_path / "about.toml"]
    assert main([*map(str, arguments), "--report", str(report(tmp_path))]) == 0
    text = out.read_text()
    assert "| album (1,206) | 0 | 1 | 24.50 |" in text
    assert "| mine | 1,234 |" in text
    assert "**Cat** (success). Fur.\n\n![Cat](pictures/cat.jpg)\n\n*me, CC0.*" in text
    with Image.open(tmp_path / "pictures" / "cat.jpg") as picture:
        assert picture.height == 160
        assert picture.width == pytest.approx(4 * 160 * 1.5, rel=0.1)


def test_without_reports_the_file_speaks_for_itself(tmp_path: Path) -> None:
    out = tmp_path / "CARD.md"
    assert main(["--weights", str(SHIPPED), "--out", str(out)]) == 0
    assert "| validation (1,206) | 0 | 1 | 24.54 | 22.08 |" in out.read_text()
    assert "## Known failures" in out.read_text()


@pytest.mark.parametrize(
    ("option", "message"),
    [("--weights", "not a readable ONNX"), ("--about", "is not valid"), ("--report", "not a report")],
)
def test_the_command_says_what_is_wrong(
    option: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").write_text("not = [valid")
    arguments = {"--weights": str(SHIPPED), "--out": str(tmp_path / "CARD.md"), option: str(tmp_path / "bad")}
    assert main([part for pair in arguments.items() for part in pair]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "CARD.md").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 1", "colour"),
        ("[sources]\na = 'many'", "sources"),
        ("[[examples]]\nphoto = 'a.jpg'", "title"),
    ],
)
def test_what_the_file_about_lacks_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "about.toml").write_text(text)
    with pytest.raises(ModelRejected, match=message):
        read_about(tmp_path / "about.toml")


def test_a_missing_or_unreadable_photograph_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = 'title = "A"\nkind = "failure"\nseen = "B."\ncredit = "C"\nlicense = "D"'
    about = tmp_path / "about.toml"
    about.write_text(f'[[examples]]\nphoto = "gone.jpg"\n{fields}')
    arguments = ["--weights", str(SHIPPED), "--about", str(about), "--out", str(tmp_path / "CARD.md")]
    assert main(arguments) == 1
    assert "gone.jpg, which does not exist" in capsys.readouterr().err
    (tmp_path / "gone.jpg").write_text("no photograph")
    assert main(arguments) == 1
    assert "gone.jpg is not a readable photograph" in capsys.readouterr().err


def test_a_card_survives_its_metadata() -> None:
    card = read_onnx_card(SHIPPED)
    assert ModelCard.from_metadata(card.to_metadata()) == card
    assert "What it looks like" not in markdown(card, [], About())


# ---------------------------------------------------------------- the shipped card


def test_shipped_card_is_the_one_written_out() -> None:
    card, about = read_onnx_card(SHIPPED), read_about(WEIGHTS / "about.toml")
    reports = [row for path in sorted(WEIGHTS.glob("reports/*.json")) for row in read_report(path, card)]
    assert (WEIGHTS / "MODEL_CARD.md").read_text() == markdown(card, reports, about)
    for example in about.examples:
        assert (WEIGHTS / "pictures" / example.picture).stat().st_size < 50_000
