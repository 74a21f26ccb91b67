"""An answer that takes long outlives no key."""

from collections.abc import Callable

import httpx
import pytest

from photochrom.access.key_store import KeyStore
from photochrom.jobs.record import JobRecord
from service.batches import calls
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key

# More than the kernel and the server keep for a reader that does not read.
LARGE = b"x" * (64 << 20)


@pytest.fixture
def archive(
    keyed_url: str,
    bench: Bench,
    photo: bytes,
    finish: Callable[..., JobRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, str, dict[str, str]]:
    """A zip of one large result: where it is, the id of the key that may have it, and the key's header."""
    monkeypatch.setattr(calls, "_RECHECK_SECONDS", 0.0)
    record, token = new_key(bench)
    headers = bearer(token)
    batch = httpx.post(f"{keyed_url}/v1/batches", headers=headers).json()["url"]
    item = httpx.put(f"{keyed_url}{batch}/items/a.jpg", content=photo, headers=headers).json()["id"]
    finish(item, LARGE)
    return f"{keyed_url}{batch}/archive.zip", record.id, headers


def test_a_zip_breaks_off_with_the_key_that_asked_for_it(
    archive: tuple[str, str, dict[str, str]], bench: Bench
) -> None:
    url, key_id, headers = archive
    with httpx.stream("GET", url, headers=headers, timeout=30) as answer:
        chunks = answer.iter_raw()
        sizes = [len(next(chunks))]
        KeyStore(bench.redis).revoke(key_id)
        # Not an end that looks like one: half a zip is none.
        with pytest.raises(httpx.RemoteProtocolError):
            sizes.extend(map(len, chunks))
    assert sum(sizes) < len(LARGE)


def test_with_a_key_that_holds_it_comes_whole(archive: tuple[str, str, dict[str, str]]) -> None:
    url, _, headers = archive
    assert len(httpx.get(url, headers=headers, timeout=60).content) > len(LARGE)
