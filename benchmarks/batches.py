"""Does a batch of 5,000 items stay fast and small? `python -m benchmarks.batches [--items 5000]`.

Runs the API's own code on an embedded Valkey, without workers, and compares each call at the given number of items
with the same call at a tenth of it: a ratio near 1 means that the cost does not grow with the batch.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi.testclient import TestClient
from redis import Redis

from photochrom.processes.valkey import valkey
from service.app import create_app
from service.settings import ServiceSettings

_PHOTO = b"\xff\xd8\xff\xe0" + bytes(200)
_RUNS = 30


def measure(items: int) -> dict[str, float]:
    """Return milliseconds per call (the median), and bytes of Redis per item, for a batch of `items`."""
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder) / "queue") as url:
        settings = ServiceSettings(redis_url=url, data_dir=Path(folder))
        with TestClient(create_app(settings), "http://localhost") as client, Redis.from_url(url) as redis:
            empty = redis.info("memory")["used_memory"]
            batch = client.post("/v1/batches").json()["url"]
            names = [f"{batch}/items/{n}.jpg" for n in range(items)]
            puts = [_timed(partial(client.put, name, content=_PHOTO)) for name in names]
            found = {"PUT item": statistics.median(puts[-items // 10 :])}
            calls: dict[str, Callable[[], object]] = {
                "GET batch": lambda: client.get(batch),
                "GET items (page of 50)": lambda: client.get(f"{batch}/items"),
                "GET items (page of 50, state=queued)": lambda: client.get(f"{batch}/items?state=queued"),
                "GET item by name": lambda: client.get(f"{batch}/items/7.jpg"),
                "POST single job": lambda: client.post("/v1/jobs", content=_PHOTO),
            }
            found["Redis bytes per item"] = (redis.info("memory")["used_memory"] - empty) / items
            found |= {
                name: statistics.median(_timed(call) for _ in range(_RUNS)) for name, call in calls.items()
            }
            found["POST :cancel, all items"] = _timed(lambda: client.post(f"{batch}:cancel"))
            found["POST :retry-failed, all items"] = _timed(lambda: client.post(f"{batch}:retry-failed"))
    return found


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5000)
    items: int = parser.parse_args().items
    few, many = measure(items // 10), measure(items)
    print(f"{'ms per call (median)':38} {items // 10:>10} {items:>10} {'ratio':>7}")
    for name, value in many.items():
        print(f"{name:38} {few[name]:10.2f} {value:10.2f} {value / few[name]:7.2f}")


if __name__ == "__main__":
    main()
