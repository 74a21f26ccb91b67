import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from photochrom_client import (
    Client,
    ConnectionFailed,
    DownloadBroken,
    Expired,
    Retries,
)
from photochrom_client.downloads import download
from photochrom_client.transport import Transport
from support.servers.answering import Answer, Handler, Script, answer, answering, cut_off, hang_up

DATA = bytes(range(256)) * 4000
SHA = hashlib.sha256(DATA).hexdigest()
QUICK = Retries(patience=5, first=0.01, longest=0.05)


def ranged(after: int | None = None) -> Answer:
    """Answer like the service: ranges, and cut off after so many bytes of an answer."""

    def give(handler: Handler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        whole = not asked or handler.headers.get("If-Range") != f'"{SHA}"'
        begin = 0 if whole else int(asked[1])
        if begin >= len(DATA):
            answer(416)(handler)
            return
        body = DATA[begin:]
        cut_off(body, len(body) if after is None else after, 200 if whole else 206)(handler)

    return give


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / ".part"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / ".." / "colour.jpg"


def fetch(script: Script, target: Path, part: Path, *, known: bool = True, overwrite: bool = False) -> None:
    transport = Transport(script.url, None, 5, QUICK, lambda *_: None)
    try:
        download(
            transport,
            "/f",
            target,
            part=part,
            overwrite=overwrite,
            size=len(DATA) if known else None,
            sha256=SHA if known else None,
        )
    finally:
        transport.close()


@pytest.fixture
def script() -> Iterator[Script]:
    with answering() as script:
        yield script


def test_a_download_goes_on_where_it_broke_off(script: Script, tmp_path: Path, part: Path) -> None:
    script.will(ranged(300_000), hang_up, ranged(200_000), ranged())
    fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == DATA
    assert [asked.headers.get("range") for asked in script.asked] == [
        None,
        "bytes=300000-",
        "bytes=300000-",
        "bytes=500000-",
    ]
    assert names(tmp_path) == ["a.jpg"]


def test_it_goes_on_after_the_death_of_the_program(script: Script, tmp_path: Path, part: Path) -> None:
    part.write_bytes(DATA[:400_000])
    script.will(ranged())
    fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == DATA
    assert script.asked[0].headers["range"] == "bytes=400000-"


@pytest.mark.parametrize("left", [DATA, DATA + b"more", b"x" * 400_000])
def test_what_is_left_of_an_earlier_one_is_compared(
    script: Script, tmp_path: Path, part: Path, left: bytes
) -> None:
    part.write_bytes(left)
    script.will(ranged())
    fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == DATA


def test_without_a_digest_it_begins_anew_each_time(script: Script, tmp_path: Path, part: Path) -> None:
    part.write_bytes(b"of something else")
    script.will(ranged(300_000), ranged())
    fetch(script, tmp_path / "a.zip", part, known=False)
    assert (tmp_path / "a.zip").read_bytes() == DATA
    assert not any("range" in asked.headers for asked in script.asked)


def test_what_is_there_is_not_overwritten_nor_asked_for(script: Script, tmp_path: Path, part: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == b"mine"
    assert script.asked == []
    script.will(ranged())
    fetch(script, tmp_path / "a.jpg", part, overwrite=True)
    assert (tmp_path / "a.jpg").read_bytes() == DATA


def test_what_comes_there_meanwhile_is_not_overwritten_either(
    script: Script, tmp_path: Path, part: Path
) -> None:
    def meanwhile(handler: Handler) -> None:
        (tmp_path / "a.jpg").write_bytes(b"mine")
        ranged()(handler)

    script.will(meanwhile)
    with pytest.raises(FileExistsError):
        fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == b"mine"
    assert names(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize("there", [False, True])
def test_it_does_without_hard_links(
    script: Script, tmp_path: Path, part: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """Some file systems have none; there a rename must do."""

    def refuse(path: Path, _to: Path) -> None:
        if there:
            path.write_bytes(b"mine")
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    script.will(ranged())
    if there:
        with pytest.raises(FileExistsError):
            fetch(script, tmp_path / "a.jpg", part)
    else:
        fetch(script, tmp_path / "a.jpg", part)
    assert (tmp_path / "a.jpg").read_bytes() == (b"mine" if there else DATA)
    assert names(tmp_path) == ["a.jpg"]


def test_a_file_that_is_not_the_announced_one_leaves_nothing(
    script: Script, tmp_path: Path, part: Path
) -> None:
    script.will(answer(200, b"y" * len(DATA)))
    transport = Transport(script.url, None, 5, Retries(patience=0.1, first=0.01), lambda *_: None)
    with pytest.raises(DownloadBroken):
        download(transport, "/f", tmp_path / "a", part=part, overwrite=False, size=len(DATA), sha256=SHA)
    transport.close()
    assert names(tmp_path) == []
    assert len(script.asked) > 1


def test_a_refusal_leaves_nothing(script: Script, tmp_path: Path, part: Path) -> None:
    part.write_bytes(DATA[:10])
    script.will(answer(410, b'{"code": "result-expired", "detail": "Gone."}'))
    with pytest.raises(Expired):
        fetch(script, tmp_path / "a.jpg", part)
    assert names(tmp_path) == []


def test_a_connection_that_stays_broken_leaves_the_part_for_the_next_time(
    script: Script, tmp_path: Path, part: Path
) -> None:
    script.will(ranged(300_000), hang_up)
    transport = Transport(script.url, None, 5, Retries(patience=0.2, first=0.01), lambda *_: None)
    with pytest.raises(ConnectionFailed):
        download(transport, "/f", tmp_path / "a", part=part, overwrite=False, size=len(DATA), sha256=SHA)
    transport.close()
    assert part.read_bytes() == DATA[:300_000]


def test_a_folder_that_cannot_be_written_is_said(script: Script, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    script.will(ranged())
    with pytest.raises(NotADirectoryError):
        fetch(script, tmp_path / "file" / "a.jpg", tmp_path / "file" / ".part")


def test_a_result_link_to_another_host_is_followed_without_the_key(tmp_path: Path) -> None:
    """As object stores are: they take a signed address, and no key of ours."""
    with answering(answer(200, DATA)) as store:
        away = store.url.replace("127.0.0.1", "localhost") + "/signed"
        with answering(answer(307, Location=away)) as script, Client(script.url, api_key="pk_1") as client:
            client.batches.download_archive("b", tmp_path / "a.zip")
        assert (tmp_path / "a.zip").read_bytes() == DATA
        assert "authorization" not in store.asked[0].headers
