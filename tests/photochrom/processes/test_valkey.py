import signal
import time
from pathlib import Path

import psutil
import pytest
from redis import Redis

from photochrom.errors import QueueUnavailable
from photochrom.processes import valkey as embedded
from photochrom.processes.valkey import server_binary, valkey
from support.waiting import wait_for


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with valkey(tmp_path) as url, Redis.from_url(url) as redis:
        redis.set("job", "accepted")
    with valkey(tmp_path) as url, Redis.from_url(url) as redis:
        assert redis.get("job") == b"accepted"


def test_nobody_else_reads_what_the_queue_keeps(tmp_path: Path) -> None:
    """Secrets that sign webhooks lie in it, and names of photographs."""
    folder = tmp_path / "queue"
    folder.mkdir(mode=0o755)  # as an earlier version made it
    with valkey(folder) as url, Redis.from_url(url) as redis:
        redis.set("webhook", "whsec_")
        redis.bgrewriteaof()
        wait_for(lambda: redis.info("persistence")["aof_rewrite_in_progress"] == 0, 10, "the file anew")
        modes = {path: path.lstat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))}
        assert any("aof" in path.name for path in modes)
        assert not any(mode for path, mode in modes.items() if path.name != "address"), modes
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_server_that_was_killed_is_revived_with_what_it_had(tmp_path: Path) -> None:
    with embedded.embedded(tmp_path) as server, Redis.from_url(server.url) as redis:
        redis.set("job", "accepted")
        assert server.revive() is None
        victim = psutil.Process(redis.info("server")["process_id"])
        victim.kill()
        code = wait_for(server.revive, 10, "the server's death")
        assert code == -signal.SIGKILL
        assert redis.get("job") == b"accepted"
        assert redis.info("server")["process_id"] != victim.pid


def test_a_long_queue_may_take_longer_to_load_than_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with valkey(tmp_path) as url, Redis.from_url(url) as redis, redis.pipeline(transaction=False) as pipeline:
        for number in range(5000):
            pipeline.set(f"job:{number}", "accepted")
        pipeline.execute()
    arguments = embedded._arguments
    slowly = ["--key-load-delay", "500"]  # microseconds a key
    monkeypatch.setattr(embedded, "_arguments", lambda *where: [*arguments(*where), *slowly])
    monkeypatch.setattr(embedded, "_STARTUP_SECONDS", 1.5)
    began = time.monotonic()
    with valkey(tmp_path) as url, Redis.from_url(url) as redis:
        assert time.monotonic() - began > 2
        assert redis.dbsize() == 5000


def test_it_listens_on_its_socket_only_and_never_evicts(tmp_path: Path) -> None:
    with valkey(tmp_path) as url, Redis.from_url(url) as redis:
        assert redis.config_get("port") == {"port": "0"}
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert redis.config_get("appendonly") == {"appendonly": "yes"}


def test_a_folder_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    with valkey(deep) as url, Redis.from_url(url) as redis:
        assert redis.ping()
        assert str(deep) not in url
        assert redis.config_get("dir") == {"dir": str(deep)}


@pytest.mark.parametrize(
    "name",
    [
        "My Folder",
        "No#1 50%",
        "a?b=c&d",
        "[red] 'q' \"d\" {x}",
        "new\nline",
        "back\\slash",
        "Größe 祖母",
        "-rf",
        "a:b@c",
    ],
)
def test_a_folder_of_any_name_holds_a_queue(tmp_path: Path, name: str) -> None:
    with valkey(tmp_path / name) as url, Redis.from_url(url) as redis:
        # RQ asks for it at each worker's start.
        assert redis.client_info()["cmd"] == "client|info"
        assert redis.config_get("dir") == {"dir": str(tmp_path / name)}
        redis.set("job", "accepted")
    with valkey(tmp_path / name) as url, Redis.from_url(url) as redis:
        assert redis.get("job") == b"accepted"


def test_a_folder_of_temporary_files_may_be_as_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "My Folder"
    odd.mkdir()
    monkeypatch.setattr(embedded.tempfile, "tempdir", str(odd))
    with valkey(odd / "data") as url, Redis.from_url(url) as redis:
        assert redis.client_info()["cmd"] == "client|info"


def test_a_server_that_cannot_start_is_said_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("in the way")
    with pytest.raises(QueueUnavailable, match=r"valkey\.log"), valkey(tmp_path):
        pass


def test_no_server_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(QueueUnavailable, match="embedded"):
        server_binary()


def test_ctrl_c_is_not_for_the_server(tmp_path: Path) -> None:
    with valkey(tmp_path) as url, Redis.from_url(url) as redis:
        process_id = int(redis.info("server")["process_id"])
        # A terminal's SIGINT goes to its own session; field 6 of stat is the session's leader.
        stat = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        assert int(stat[3]) == process_id


def test_one_text_is_read_without_a_library(tmp_path: Path) -> None:
    long = "x" * 100_000
    with embedded.embedded(tmp_path) as server:
        with Redis.from_url(server.url) as redis:
            redis.set("number", 1)
            redis.set("long", long)
            redis.set("lines", "a\r\n-ERR b")
            redis.rpush("list", 1)
        assert server.get("number") == b"1"
        assert server.get("long") == long.encode()
        assert server.get("lines") == b"a\r\n-ERR b"
        assert server.get("nothing") is None
        assert server.has("list")
        assert not server.has("nothing")
        with pytest.raises(QueueUnavailable, match="WRONGTYPE"):
            server.get("list")
    with pytest.raises(QueueUnavailable):
        server.get("number")
    with pytest.raises(QueueUnavailable):
        server.has("number")
