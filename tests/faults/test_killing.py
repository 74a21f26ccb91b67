"""The short form of `make test-faults`: a batch goes on through kill -9 of all parts."""

import random
from pathlib import Path

from support.networks.tiny_model import tiny_model
from support.queue.killing import KINDS, planned_kills, table, under_fire


def test_a_batch_survives_the_death_of_workers_server_and_all(tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    kills, verdict = under_fire(
        tmp_path,
        photos=80,
        kills=3,
        seed=5,
        side=1000,
        PHOTOCHROM_MODEL_PATH=str(model),
        PHOTOCHROM_HEARTBEAT_TTL="2",
        PHOTOCHROM_MAINTENANCE_INTERVAL="1",
    )
    assert verdict.clean, table(kills, verdict)
    assert verdict.succeeded == 80
    assert all(kill.processes for kill in kills)


def test_kills_come_at_random_moments_in_an_order_that_the_seed_tells() -> None:
    planned = planned_kills(500, 10, random.Random(7))
    assert planned == planned_kills(500, 10, random.Random(7))
    assert planned != planned_kills(500, 10, random.Random(8))
    assert [kill.at for kill in planned] == sorted(kill.at for kill in planned)
    assert {kill.what for kill in planned} == set(KINDS)
