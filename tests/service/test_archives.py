"""Archives, good and hostile: refused whole or contained entry by entry, in little time and memory."""

import gzip
import io
import stat
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi.testclient import TestClient

from service import archives
from support.queueing import Bench
from support.running import ROOT


@pytest.fixture
def url(client: TestClient) -> str:
    return str(client.post("/v1/batches").json()["url"])


def zipped(files: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "pack", [zipped, tarred, lambda files: tarred(files, "w:gz")], ids=["zip", "tar", "tar.gz"]
)
def test_every_photo_of_an_archive_becomes_an_item_under_its_name(
    client: TestClient, url: str, photo: bytes, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    names = ["Album/1.jpg", "Album/Ö/2.jpg", "3.jpg"]
    body = pack({**dict.fromkeys(names, photo), "__MACOSX/._1.jpg": b"x", "Album/.DS_Store": b"x"})
    report = client.post(f"{url}/archive", content=body).json()
    assert report == {"accepted": 3, "unchanged": 0, "rejected": 0, "errors": []}
    items = client.get(f"{url}/items").json()["items"]
    assert sorted(item["item"] for item in items) == sorted(names)
    again = client.post(f"{url}/archive", content=body).json()
    assert (again["accepted"], again["unchanged"]) == (0, 3)


def symlink_in_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def special_in_tar(kind: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("special.jpg")
        info.type = kind
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


def encrypted(photo: bytes) -> bytes:
    data = bytearray(zipped({"a.jpg": photo}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature) + offset
        data[at] |= 1
    return bytes(data)


def damaged(photo: bytes) -> bytes:
    data = bytearray(zipped({"a.jpg": photo}))
    data[60] ^= 0xFF
    return bytes(data)


HOSTILE_ENTRIES = {
    "zip-slip": (lambda photo: zipped({"../../evil.jpg": photo}), "invalid-name"),
    "absolute": (lambda photo: tarred({"/evil.jpg": photo}), "invalid-name"),
    "backslashes": (lambda photo: zipped({"..\\evil.jpg": photo}), "invalid-name"),
    "tar-slip": (lambda photo: tarred({"a/../../evil.jpg": photo}), "invalid-name"),
    "symlink": (lambda photo: symlink_in_zip(), "unsupported-format"),
    "symlink in tar": (lambda photo: special_in_tar(tarfile.SYMTYPE), "unsupported-format"),
    "hard link": (lambda photo: special_in_tar(tarfile.LNKTYPE), "unsupported-format"),
    "device": (lambda photo: special_in_tar(tarfile.CHRTYPE), "unsupported-format"),
    "nested zip": (lambda photo: zipped({"inner.zip": zipped({"a.jpg": photo})}), "unsupported-format"),
    "no photo": (lambda photo: zipped({"readme.txt": b"hello " * 30}), "unsupported-format"),
    "empty": (lambda photo: zipped({"a.jpg": b""}), "unreadable-photo"),
    "encrypted": (encrypted, "unsupported-format"),
    "damaged": (damaged, "unreadable-photo"),
    "sparse": (lambda photo: sparse({"GNU.sparse.realsize": "10"}), "unsupported-format"),
    "bzip2": (lambda photo: zipped({"a.jpg": photo}, compression=zipfile.ZIP_BZIP2), "unsupported-format"),
    "LZMA": (lambda photo: zipped({"a.jpg": photo}, compression=zipfile.ZIP_LZMA), "unsupported-format"),
    "bomb of zeros": (
        lambda photo: zipped({"a.jpg": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED),
        "unsupported-format",
    ),
    "bomb with a head": (
        lambda photo: zipped({"a.jpg": photo + bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED),
        "photo-too-large",
    ),
}


@pytest.mark.parametrize("case", HOSTILE_ENTRIES)
def test_a_hostile_entry_is_reported_and_harms_no_other(
    client: TestClient, bench: Bench, url: str, photo: bytes, case: str
) -> None:
    make, code = HOSTILE_ENTRIES[case]
    body = make(photo)
    started = time.monotonic()
    report = client.post(f"{url}/archive", content=body).json()
    assert time.monotonic() - started < 2
    assert (report["accepted"], report["rejected"]) == (0, 1), report
    assert report["errors"][0]["code"] == code
    assert report["errors"][0]["detail"].endswith(".")
    assert bench.files() == []
    good = client.post(f"{url}/archive", content=zipped({"good.jpg": photo})).json()
    assert good["accepted"] == 1


def test_a_zip64_archive_is_taken(client: TestClient, url: str, photo: bytes) -> None:
    plain = zipped({"a.jpg": photo})
    directory_bytes, directory_at = struct.unpack_from("<II", plain, len(plain) - 10)
    ending = zip64_ending(directory_bytes, directory_at, len(plain) - 22, b"PK\x06\x06")
    report = client.post(f"{url}/archive", content=plain[:-22] + ending).json()
    assert (report["accepted"], report["rejected"]) == (1, 0)


def test_two_entries_of_one_name_are_one_item_and_an_error(
    client: TestClient, url: str, photo: bytes
) -> None:
    body = zipped({"a.jpg": photo, "b.jpg": photo, "c.jpg": photo + b"x"})
    for name in (b"b.jpg", b"c.jpg"):
        body = body.replace(name, b"a.jpg")
    report = client.post(f"{url}/archive", content=body).json()
    assert (report["accepted"], report["unchanged"], report["rejected"]) == (1, 1, 1)
    assert report["errors"][0]["code"] == "item-conflict"


def directory_bomb(count: int) -> bytes:
    header = b"PK\x01\x02" + bytes(42)
    directory = header * count
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 4, 0)
    return b"PK\x03\x04" + directory + end


def zip64_ending(directory_bytes: int, directory_at: int, locator_says: int, record: bytes) -> bytes:
    """The ZIP64 record, its locator and the classic end, which leaves everything to them."""
    sizes = (44, 45, 45, 0, 0, 1, 1, directory_bytes, directory_at)
    return (
        record
        + struct.pack("<QHHIIQQQQ", *sizes)
        + struct.pack("<4sIQI", b"PK\x06\x07", 0, locator_says, 1)
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    )


def zip64_decoy(count: int) -> bytes:
    """Two ZIP64 records: the locator names an innocent one, `zipfile` reads the other."""
    innocent = zip64_ending(0, 0, 0, b"PK\x06\x06")[:56]
    directory = (b"PK\x01\x02" + bytes(42)) * count
    start = b"PK\x03\x04" + innocent
    return start + directory + zip64_ending(len(directory), len(start), 4, b"PK\x06\x06")


def zip64_mute(count: int) -> bytes:
    """A ZIP64 record that is none: `zipfile` goes by the classic end instead."""
    directory = (b"PK\x01\x02" + bytes(42)) * count
    ending = zip64_ending(0, 0, 4 + len(directory), b"PK\0\0")
    return (
        b"PK\x03\x04"
        + directory
        + ending[:-22]
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory) + 76, 4, 0)
    )


def pax_bomb(size: int) -> bytes:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    info.size = size
    return gzip.compress(info.tobuf() + bytes(size), 1)


def extended(records: dict[str, str], body: bytes = b"", size: int | None = None) -> bytes:
    """One member after a pax header of these records."""
    info = tarfile.TarInfo("a.jpg")
    info.size = len(body) if size is None else size
    info.pax_headers = records
    return info.tobuf(tarfile.PAX_FORMAT) + body + bytes(-len(body) % 512)


def sparse(records: dict[str, str], numbers: int = 2) -> bytes:
    """A GNU sparse file, format 1.0: its map lies before its data."""
    body = b"%d\n" % (numbers // 2) + b"0\n" * numbers
    named = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.jpg", **records}
    return gzip.compress(extended(named, body + bytes(-len(body) % 512)) + bytes(1024), 1)


def pax_chain(count: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 13
    return (info.tobuf() + b"13 comment=a\n".ljust(512, b"\0")) * count + tarfile.TarInfo("a.jpg").tobuf()


def leading_back() -> bytes:
    """A size below zero, far behind the start of a gzip: to go back is to unfold it all again."""
    far = extended({}, bytes(15_000_000))
    return gzip.compress(far + extended({"size": "-14000000"}) * 900 + bytes(1024), 1)


HOSTILE_ARCHIVES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no archive": lambda: b"hello" * 300,
    "cut zip": lambda: zipped({"a.jpg": b"x" * 5000})[:-30],
    "cut gzip": lambda: gzip.compress(b"x" * 100_000)[:-2000],
    "too many entries": lambda: zipped({f"{n}.jpg": b"" for n in range(1001)}),
    "too many in tar": lambda: tarred({f"{n}.jpg": b"" for n in range(1001)}),
    "a million entries that say they are one": lambda: directory_bomb(1_000_000),
    "a million entries behind a decoy": lambda: zip64_decoy(1_000_000),
    "a million entries behind a record that is none": lambda: zip64_mute(1_000_000),
    "a zip of nothing but a locator": lambda: b"PK\x03\x04" + zip64_ending(0, 0, 0, b"")[-42:],
    "a header of 400 MB": lambda: pax_bomb(400_000_000),
    "comments of 800 MB": lambda: gzip.compress(extended({"comment": "a" * 1_000_000}) * 800, 1),
    "many comments that are just short enough": lambda: gzip.compress(
        extended({"comment": "a" * 14_000}) * 900, 1
    ),
    "a map of 12 million numbers": lambda: sparse({"GNU.sparse.realsize": "10"}, 12_000_000),
    "headers upon headers": lambda: pax_chain(1500),
    "sizes below zero": leading_back,
    "more in all than allowed": lambda: tarred({f"{n}.bin": bytes(3_000_000) for n in range(9)}, "w:gz"),
}


_UNPACK = """
import resource, sys, time
from pathlib import Path
from photochrom.errors import ArchiveRejected
from service.unpack import Budget, blocks, entries
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 150_000_000,) * 2)
started, budget = time.process_time(), Budget(entries=1000, bytes=20_000_000)
try:
    for entry in entries(Path(sys.argv[1]), budget):
        for _ in blocks(entry, budget):
            pass
except ArchiveRejected as error:
    print(error, time.process_time() - started)
"""


@pytest.mark.parametrize("case", HOSTILE_ARCHIVES)
def test_a_hostile_archive_is_refused_within_a_second_and_150_mb(tmp_path: Path, case: str) -> None:
    """In a process of its own, which the kernel gives no more memory than that."""
    path = tmp_path / "archive"
    path.write_bytes(HOSTILE_ARCHIVES[case]())
    command = [sys.executable, "-c", _UNPACK, str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sentence, _, seconds = said.strip().rpartition(" ")
    assert sentence.endswith(".")
    assert float(seconds) < 1


def test_a_broken_archive_is_a_problem(client: TestClient, bench: Bench, url: str) -> None:
    response = client.post(f"{url}/archive", content=b"hello" * 300)
    assert (response.status_code, response.json()["code"]) == (422, "archive-rejected")
    assert bench.files() == []


def test_a_sealed_batch_takes_no_archive(client: TestClient, url: str, photo: bytes) -> None:
    client.post(f"{url}:seal")
    response = client.post(f"{url}/archive", content=zipped({"a.jpg": photo}))
    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")


def test_archives_take_turns_and_no_thread_of_other_calls(
    client: TestClient, url: str, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are held at their unpacking: a third is told to come later, and all other calls go on."""
    unpack, inside, go_on = archives._unpack, threading.Semaphore(0), threading.Event()

    def held(*arguments: Any) -> None:
        inside.release()
        assert go_on.wait(30)
        unpack(*arguments)

    def send() -> httpx.Response:
        return client.post(f"{url}/archive", content=zipped({"a.jpg": photo}))

    monkeypatch.setattr(archives, "_unpack", held)
    with ThreadPoolExecutor(2) as senders:
        sent = [senders.submit(send) for _ in range(2)]
        try:
            assert all(inside.acquire(timeout=30) for _ in sent)
            assert client.portal is not None
            assert client.portal.call(current_default_thread_limiter).borrowed_tokens == 0
            refused = send()
        finally:
            go_on.set()
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-archives")
        assert int(refused.headers["retry-after"]) > 0
        assert sum(answer.result().json()["accepted"] for answer in sent) == 1
    assert send().json()["unchanged"] == 1
