"""Names in zips and tars as the systems make them."""

import io
import struct
import tarfile
import zlib
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support.zips import DOS, UNIX, zip_of


def album(photo: bytes, *names: bytes, **how: Any) -> bytes:
    """A zip of as many different photographs."""
    return zip_of({name: photo + bytes([number]) for number, name in enumerate(names)}, **how)


def sent(client: TestClient, body: bytes, **query: str) -> tuple[set[str], dict[str, str]]:
    """The items that an archive becomes, and which of them have another name in it."""
    url = client.post("/v1/batches").json()["url"]
    report = client.post(f"{url}/archive", content=body, params=query).json()
    assert report["rejected"] == 0, report
    again = client.post(f"{url}/archive", content=body, params=query).json()
    assert (again["accepted"], again["unchanged"]) == (0, report["accepted"])
    assert again["renamed"] == report["renamed"]
    items = {item["item"] for item in client.get(f"{url}/items").json()["items"]}
    assert len(items) == report["accepted"]
    return items, {one["item"]: one["entry"] for one in report["renamed"]}


def test_backslashes_of_windows_are_separators(client: TestClient, photo: bytes) -> None:
    body = album(photo, b"Album 1931\\wedding\\bride.jpg", b"Album 1931\\empty\\", b"Album 1931\\cat.jpg")
    assert sent(client, body) == ({"Album 1931/wedding/bride.jpg", "Album 1931/cat.jpg"}, {})


def test_a_backslash_in_a_name_of_unix_is_no_separator(client: TestClient, photo: bytes) -> None:
    items, _ = sent(client, album(photo, b"a/back\\slash.jpg", system=UNIX))
    assert items == {"a/back_slash.jpg"}


@pytest.mark.parametrize("system", [DOS, UNIX])
def test_utf_8_is_read_as_such_though_nothing_says_so(client: TestClient, photo: bytes, system: int) -> None:
    body = album(photo, "Größe/Été 祖母.jpg".encode(), b"__MACOSX/._x.jpg", b".DS_Store", system=system)
    assert sent(client, body) == ({"Größe/Été 祖母.jpg"}, {})


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp866", "Бабушка/свадьба.jpg"),
        ("cp932", "祖母/結婚式.jpg"),
        ("gbk", "联通.jpg"),
        ("cp1252", "Été à la mer.jpg"),
        ("Windows-1251", "Бабушка.jpg"),
    ],
)
def test_an_encoding_may_be_named_for_the_rest(
    client: TestClient, photo: bytes, encoding: str, name: str
) -> None:
    assert sent(client, album(photo, name.encode(encoding)), names=encoding) == ({name}, {})
    said = album(photo, name.encode(), flags=0x800)
    assert sent(client, said, names=encoding) == ({name}, {})


def test_what_says_its_encoding_needs_none(client: TestClient, photo: bytes) -> None:
    raw, name = "Größe.jpg".encode("cp850"), "Größe.jpg".encode()
    extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    assert sent(client, album(photo, raw, extra=extra), names="cp866")[0] == {"Größe.jpg"}
    stale = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, 7) + name
    assert sent(client, album(photo, b"other.jpg", extra=stale))[0] == {"other.jpg"}


@pytest.mark.parametrize("names", ["klingon", "punycode", "idna", "base64", "unicode_escape", "utf-7", ""])
def test_what_is_no_encoding_of_names_is_refused(client: TestClient, photo: bytes, names: str) -> None:
    url = client.post("/v1/batches").json()["url"]
    refused = client.post(f"{url}/archive", content=album(photo, b"a.jpg"), params={"names": names})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-option")
    assert "like cp866" in refused.json()["detail"]


def test_what_some_system_refuses_is_replaced_and_told(client: TestClient, photo: bytes) -> None:
    odd = {
        "Who is this_.jpg": "Who is this?.jpg",
        "Who is this_ (2).jpg": "Who is this*.jpg",
        "Aunt _Peggy_.jpg": 'Aunt "Peggy".jpg',
        "trailing dot_/a.jpg": "trailing dot./a.jpg",
        "dot/b.jpg": "./dot/b.jpg",
        "con_.jpg": "con.jpg",
    }
    body = album(photo, *(name.encode() for name in odd.values()), b"good.jpg", flags=0x800)
    assert sent(client, body) == ({*odd, "good.jpg"}, odd)


def test_tars_of_other_encodings(client: TestClient, photo: bytes) -> None:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.GNU_FORMAT, encoding="koi8-r") as archive:
        about = tarfile.TarInfo("Бабушка: 1931.jpg")
        about.size = len(photo)
        archive.addfile(about, io.BytesIO(photo))
    assert sent(client, body.getvalue(), names="koi8-r")[0] == {"Бабушка_ 1931.jpg"}
    items, _ = sent(client, body.getvalue())
    assert items == {"_" * 7 + "_ 1931.jpg"}


def test_thousands_of_names_that_become_one_are_counted_in_a_moment() -> None:
    from service.batches.archives import _Names

    given = _Names()
    names = ["".join("?*<>|"[number // 5**place % 5] for place in range(7)) for number in range(50_000)]
    assert len({given.item(name) for name in names}) == 50_000
