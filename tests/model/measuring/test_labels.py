from pathlib import Path

import pytest

from model.measuring.labels import read_labels
from photochrom.errors import PhotoRejected


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    as_json = written(tmp_path, "a.json", '{"pets/cat.jpg": 285, "cup, hot.png": "967"}')
    as_csv = written(tmp_path, "a.csv", 'photo,class\npets/cat.jpg,285\n"cup, hot.png",967\n')
    assert read_labels(as_json) == read_labels(as_csv) == {"pets/cat.jpg": 285, "cup, hot.png": 967}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{"),
        ("a.json", "[1, 2]"),
        ("a.json", '{"cat": "n02124075"}'),
        ("a.json", '{"cat": 1.5}'),
        ("a.json", '{"cat": true}'),
        ("a.json", '{"cat": 1000}'),
        ("a.csv", "photo,class\ncat,-1\n"),
        ("a.csv", "photo,class\ncat\n"),
        ("a.csv", "name,index\ncat,1\n"),
    ],
)
def test_what_is_no_label_is_refused(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoRejected, match=name):
        read_labels(written(tmp_path, name, text))


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\xff")
    for path in (tmp_path / "absent.csv", tmp_path / "binary.csv"):
        with pytest.raises(PhotoRejected, match=path.name):
            read_labels(path)
