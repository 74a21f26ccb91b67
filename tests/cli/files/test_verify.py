"""`photochrom verify` as a process, on files that `photochrom colorize` made, signed and not."""

import hashlib
import sys
from pathlib import Path

import pytest

from support.pictures.photographs import grey_jpeg
from support.servers.certificates import make_papers
from support.servers.running import command


def run(*arguments: str | Path, **env: str) -> tuple[int, str]:
    process = command(*map(str, arguments), **env)
    said = process.communicate(timeout=150)[0]
    return process.returncode, " ".join(said.split())


def test_a_signed_result_is_told_in_plain_words_and_one_changed_byte_is_refused(tmp_path: Path) -> None:
    papers = make_papers(tmp_path)
    scan, color = tmp_path / "scan.jpg", tmp_path / "color.jpg"
    scan.write_bytes(grey_jpeg())
    assert run("colorize", scan, color, **papers.settings)[0] == 0
    code, said = run("verify", color)
    assert code == 0
    assert f"made from the file with the SHA-256 {hashlib.sha256(scan.read_bytes()).hexdigest()}" in said
    assert "Its history: colorized." in said
    assert "Signed by City Archive; nothing was changed since. No authority" in said
    code, said = run("verify", color, "--trust", papers.authority)
    assert (code, "whose authority you trust" in said) == (0, True)
    data = bytearray(color.read_bytes())
    data[-50] ^= 1
    color.write_bytes(data)
    code, said = run("verify", color)
    assert (code, "THE SIGNATURE DOES NOT HOLD" in said) == (1, True)


def test_what_says_nothing_and_what_is_no_photograph(tmp_path: Path) -> None:
    scan, text = tmp_path / "scan.jpg", tmp_path / "text.txt"
    scan.write_bytes(grey_jpeg())
    text.write_text("dear diary")
    code, said = run("verify", scan)
    assert code == 0
    assert "do not say that anything in it was made by a program. It is not signed." in said
    code, said = run("verify", text)
    assert (code, "not an image" in said) == (1, True)


def test_without_the_library_the_metadata_speak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cli.files.verify import verify

    monkeypatch.setitem(sys.modules, "c2pa", None)
    (tmp_path / "scan.jpg").write_bytes(grey_jpeg())
    assert verify([tmp_path / "scan.jpg"], None) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "do not say" in said
    assert "photochrom[provenance]" in said
