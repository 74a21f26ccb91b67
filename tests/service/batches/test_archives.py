"""Archives, good and hostile: refused whole or contained entry by entry, in little time and memory."""

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi.testclient import TestClient

from photochrom.access.keys import KeyRecord
from photochrom.storage.drafts import DraftFile, Drafts
from security.hostile_archives import HOSTILE_ARCHIVES, HOSTILE_ENTRIES, tarred, zip64_ending, zipped
from service.app import create_app
from service.batches import archives
from service.caller import Caller
from service.deps import Services
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key
from support.servers.running import ROOT


@pytest.fixture
def url(client: TestClient) -> str:
    return str(client.post("/v1/batches").json()["url"])


@pytest.mark.parametrize(
    "pack", [zipped, tarred, lambda files: tarred(files, "w:gz")], ids=["zip", "tar", "tar.gz"]
)
def test_every_photo_of_an_archive_becomes_an_item_under_its_name(
    client: TestClient, url: str, photo: bytes, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    names = ["Album/1.jpg", "Album/Ö/2.jpg", "3.jpg"]
    body = pack({**dict.fromkeys(names, photo), "__MACOSX/._1.jpg": b"x", "Album/.DS_Store": b"x"})
    report = client.post(f"{url}/archive", content=body).json()
    assert report == {"accepted": 3, "unchanged": 0, "rejected": 0, "errors": [], "renamed": []}
    items = client.get(f"{url}/items").json()["items"]
    assert sorted(item["item"] for item in items) == sorted(names)
    again = client.post(f"{url}/archive", content=body).json()
    assert (again["accepted"], again["unchanged"]) == (0, 3)


@pytest.mark.parametrize("case", HOSTILE_ENTRIES)
def test_a_hostile_entry_is_reported_and_harms_no_other(
    client: TestClient, bench: Bench, url: str, photo: bytes, case: str
) -> None:
    make, code = HOSTILE_ENTRIES[case]
    body = make(photo)
    started = time.process_time()
    report = client.post(f"{url}/archive", content=body).json()
    assert time.process_time() - started < 2
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


_UNPACK = """
import resource, sys, time
from pathlib import Path
from photochrom.errors import ArchiveRejected
from service.unpacking.unpack import Budget, blocks, entries
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
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
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


def test_one_owner_s_archives_leave_a_turn_to_others(
    settings: ServiceSettings, bench: Bench, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many it sends together: an archive of a megabyte can take its turn for minutes."""
    unpack, inside, go_on = archives._unpack, threading.Semaphore(0), threading.Event()
    ann, bob = (new_key(bench) for _ in range(2))

    def held(services: Services, caller: Caller, *rest: Any) -> None:
        if caller.owner == ann[0].owner:
            inside.release()
            assert go_on.wait(60)
        unpack(services, caller, *rest)

    def send(key: tuple[KeyRecord, str]) -> httpx.Response:
        headers = bearer(key[1])
        url = client.post("/v1/batches", headers=headers).json()["url"]
        return client.post(f"{url}/archive", content=zipped({"a.jpg": photo}), headers=headers)

    monkeypatch.setattr(archives, "_unpack", held)
    with TestClient(create_app(settings.model_copy(update={"auth": "keys"}))) as client:
        with ThreadPoolExecutor(3) as senders:
            sent = [senders.submit(send, ann) for _ in range(3)]
            try:
                assert inside.acquire(timeout=60)
                refused, taken = send(ann), send(bob)
            finally:
                go_on.set()
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-archives")
        assert taken.json()["accepted"] == 1
        assert {answer.result().status_code for answer in sent} <= {200, 429}


def test_what_is_no_photograph_takes_no_draft(
    client: TestClient, url: str, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty thousand such entries are a megabyte, and their archive has one of two turns."""
    drafts: list[Path] = []
    new = Drafts.new

    @contextmanager
    def counted(self: Drafts) -> Iterator[DraftFile]:
        with new(self) as draft:
            drafts.append(draft.path)
            yield draft

    monkeypatch.setattr(Drafts, "new", counted)
    others = dict.fromkeys((f"{n}.jpg" for n in range(50)), b"")
    report = client.post(
        f"{url}/archive", content=zipped({**others, "a.txt": b"hello", "b.jpg": photo})
    ).json()
    assert (report["accepted"], report["rejected"]) == (1, 51)
    assert len(drafts) == 2  # the archive's own, and one for the photograph
