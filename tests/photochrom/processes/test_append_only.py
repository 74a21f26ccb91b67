"""A damaged file of the queue: what is whole before the damage is there again, and the file as it was is kept."""

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from photochrom.errors import QueueUnavailable
from photochrom.processes import append_only
from photochrom.processes import valkey as server
from photochrom.processes.valkey import find_damage, repair, valkey

COMMANDS = {b"select", b"set", b"multi", b"exec", b"hset"}


def write(queue: Path, count: int = 50) -> Path:
    """A queue of `count` transactions; return its file of commands."""
    with valkey(queue) as url, Redis.from_url(url) as redis:
        redis.set("installation", "x")
        for number in range(count):
            pipeline = redis.pipeline(transaction=True)
            pipeline.set(f"first:{number}", "a" * 20)
            pipeline.set(f"second:{number}", "b" * 20)
            pipeline.execute()
    return next((queue / "appendonlydir").glob("*.incr.aof"))


def held(queue: Path) -> list[int]:
    """The transactions that are there; none is there by half."""
    with valkey(queue) as url, Redis.from_url(url) as redis:
        found = [{int(key.split(b":")[1]) for key in redis.keys(f"{name}:*")} for name in ("first", "second")]
        assert found[0] == found[1]
        return sorted(found[0])


def damaged(path: Path, at: float, new: bytes) -> bytes:
    """Write `new` at this share of the file; return what the file was after that."""
    text = bytearray(path.read_bytes())
    start = int(len(text) * at)
    text[start : start + len(new)] = new
    path.write_bytes(text)
    return bytes(text)


@pytest.mark.parametrize(
    ("at", "new"), [(0.5, b"\0"), (0.3, b"\0" * 300), (0.95, b"\r\n*9\r\n"), (0.02, b"zzzzz")]
)
def test_a_queue_with_a_damaged_file_starts_with_what_came_before(
    tmp_path: Path, at: float, new: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    queue = tmp_path / "queue"
    before = damaged(write(queue), at, new)
    left = held(queue)
    assert left == list(range(len(left)))
    assert abs(len(left) / 50 - at) < 0.1 or "damaged at byte" not in caplog.text
    if "damaged at byte" in caplog.text:
        copies = list(queue.glob("damaged-*/*.incr.aof"))
        assert [path.read_bytes() for path in copies] == [before]


def test_a_command_that_no_server_knows_is_damage(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    path = write(queue)
    text = path.read_bytes()
    at = text.index(b"SET", len(text) // 2)
    damaged(path, at / len(text) + 1e-9, b"SIT")
    assert path.read_bytes() != text
    left = held(queue)
    assert 20 <= len(left) <= 30


def test_photographs_of_lost_jobs_are_nobodys_leavings(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    damaged(write(queue), 0.5, b"\0" * 50)
    with valkey(queue) as url, Redis.from_url(url) as redis:
        assert not redis.exists("installation")


def test_a_long_end_is_cut_off_when_a_person_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_SHORT_END", 100)
    queue = tmp_path / "queue"
    text = damaged(write(queue), 0.5, b"\0" * 50)
    with pytest.raises(QueueUnavailable, match="photochrom repair"), valkey(queue):
        pass
    assert next((queue / "appendonlydir").glob("*.incr.aof")).read_bytes() == text
    damage = find_damage(queue)
    assert damage is not None
    with caplog.at_level(logging.ERROR):
        copy = repair(damage)
    assert str(copy) in caplog.text
    assert 20 <= len(held(queue)) <= 26
    assert find_damage(queue) is None


def test_what_cannot_be_cut_off_is_left_alone_and_said(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    write(queue)
    manifest = queue / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("file nonsense\n")
    with pytest.raises(QueueUnavailable, match="did not start"), valkey(queue):
        pass
    assert manifest.read_text() == "file nonsense\n"
    assert not list(queue.glob("damaged-*"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(cut=st.integers(0, 10_000), noise=st.binary(max_size=40))
def test_whatever_follows_whole_commands_is_told_from_them(tmp_path: Path, cut: int, noise: bytes) -> None:
    one = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nbb\r\n"
    both = b"*1\r\n$5\r\nMULTI\r\n" + one + b"*1\r\n$4\r\nEXEC\r\n"
    whole = (one + b"#TS:1\r\n" + both) * 3
    queue = tmp_path / "queue"
    folder = queue / append_only.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "appendonly.aof.manifest").write_text("file a.incr.aof seq 1 type i\n")
    path = folder / "a.incr.aof"
    path.write_bytes(whole)
    assert append_only.find_damage(queue, COMMANDS) is None
    text = whole[: cut % len(whole)] + noise
    path.write_bytes(text)
    found = append_only.find_damage(queue, COMMANDS)
    offset = found.offset if found else len(text)
    starts = {0}
    for number in range(3):
        start = number * len(one + b"#TS:1\r\n" + both)
        starts |= {start, start + len(one), start + len(one) + 7, start + len(one) + 7 + len(both)}
    assert offset in starts or text[:offset] not in whole
