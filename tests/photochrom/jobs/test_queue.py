"""Places in the queue: exact at its head, estimated further on, and never dear to ask for."""

import pytest

from photochrom.jobs.queue import connect
from photochrom.jobs.states import JobState
from support.queue.queueing import Bench, make_record

PHOTO = b"\xff\xd8\xff"


def waiting(bench: Bench, count: int) -> list:
    records = [bench.store.create(make_record(PHOTO)) for _ in range(count)]
    for record in records:
        bench.queue.put(record)
    return records


def test_places_are_exact_at_the_head_and_near_beyond(bench: Bench) -> None:
    records = waiting(bench, 1100)
    assert [bench.queue.position(records[place]) for place in (0, 7, 999)] == [0, 7, 999]
    assert [bench.queue.position(records[place]) for place in (1000, 1050, 1099)] == [1000, 1050, 1099]
    # Ten at the head are taken by workers: an estimate may be wrong by those, not by more.
    for record in records[:10]:
        bench.queue.remove(record)
    assert bench.queue.position(records[0]) in {None, 1000}
    assert abs(bench.queue.position(records[1095]) - 1085) <= 10
    assert bench.queue.position(records[12]) == 2


def test_who_does_not_wait_has_no_place(bench: Bench) -> None:
    first, second = waiting(bench, 2)
    bench.queue.remove(first)
    assert (bench.queue.position(first), bench.queue.position(second)) == (None, 0)
    assert first.state is JobState.QUEUED


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "rediss://127.0.0.1:1/0", "unix:///nowhere.sock"])
def test_no_client_waits_for_a_silent_server_for_ever(url: str) -> None:
    connection = connect(url).connection_pool.make_connection()
    assert 0 < connection.socket_timeout <= 5
    assert 0 < connection.socket_connect_timeout <= 5
    assert getattr(connection, "socket_keepalive", True)
