from pathlib import Path

import pytest
from redis import Redis

from photochrom import schema
from photochrom.errors import DataTooNew
from photochrom.processes.valkey import valkey
from photochrom.schema import SCHEMA


def test_what_has_no_number_gets_ours_and_what_has_it_is_taken(redis: Redis, tmp_path: Path) -> None:
    """0.1.0 wrote none."""
    redis.set("jobs", "of an older version")
    for _ in range(2):
        schema.check_queue(redis)
        schema.check_folder(tmp_path / "data")
    assert redis.get("schema") == str(SCHEMA).encode()
    assert (tmp_path / "data" / "schema").read_text() == f"{SCHEMA}\n"


def test_an_older_number_is_no_reason_to_stop(redis: Redis, tmp_path: Path) -> None:
    redis.set("schema", 0)
    (tmp_path / "schema").write_text("0")
    schema.check_queue(redis)
    schema.check_folder(tmp_path)


@pytest.mark.parametrize("number", [str(SCHEMA + 1), "99\n", "3rd", ""])
def test_a_newer_number_is_refused_with_what_to_do(redis: Redis, tmp_path: Path, number: str) -> None:
    redis.set("schema", number)
    (tmp_path / "schema").write_text(number)
    with pytest.raises(DataTooNew, match=r"The queue was written by a newer Photochrom.*restore a backup"):
        schema.check_queue(redis)
    with pytest.raises(DataTooNew, match="The data folder"):
        schema.check_folder(tmp_path)
    assert (tmp_path / "schema").read_text() == number


def test_a_queue_that_is_full_or_away_stops_no_start(tmp_path: Path) -> None:
    with valkey(tmp_path / "queue") as url, Redis.from_url(url) as redis:
        redis.config_set("maxmemory", 1)
        assert schema.check(url, tmp_path / "data")
        assert not redis.exists("schema")
        redis.config_set("maxmemory", 0)
    assert not schema.check(url, tmp_path / "data")
