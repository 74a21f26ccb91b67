import os
from pathlib import Path

import pytest

from photochrom.files import replacing


def test_a_file_is_written_whole_or_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "errors.jsonl"
    with replacing(path) as file:
        file.write(b"before")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("photochrom.files.os.fsync", no_room)
    with pytest.raises(OSError, match="No space"), replacing(path) as file:
        file.write(b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_for_whom_the_users_files_are_for(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        with replacing(tmp_path / "a"):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_the_longest_name_that_a_file_may_have_is_none_too_long(tmp_path: Path) -> None:
    for name in ("a" * 251 + ".jpg", "写" * 83 + ".jpg"):
        with replacing(tmp_path / name) as file:
            file.write(b"x")
        assert (tmp_path / name).read_bytes() == b"x"
