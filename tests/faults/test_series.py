"""Workers are killed (kill -9) amid a batch that gets one set of colours: it gets the very same one."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.series import SCENE, as_jpeg, other, part
from support.servers.running import ROOT, Service, service
from support.waiting import wait_for

_SIDE = 2400
"""Large enough to be at work for a while."""
PHOTOGRAPHS = {f"{name}.jpg": as_jpeg(part(*how, _SIDE)) for name, how in SCENE.items()}
PHOTOGRAPHS["other.jpg"] = as_jpeg(other(_SIDE))


def begin(client: httpx.Client) -> str:
    options = {"consistency": 1, "film": "panchromatic"}
    answer = client.post("/v1/batches", json={"options": options}).raise_for_status()
    return str(answer.headers["location"])


def put(client: httpx.Client, batch: str, *names: str) -> None:
    for name in names:
        answer = client.put(f"{batch}/items/{name}", content=PHOTOGRAPHS[name])
        assert answer.status_code == 201, answer.text


def items(client: httpx.Client, batch: str) -> list[dict[str, Any]]:
    return list(client.get(f"{batch}/items").raise_for_status().json()["items"])


def finished(client: httpx.Client, batch: str) -> dict[str, dict[str, Any]]:
    """Wait for the set; return the items by name."""
    wait_for(lambda: client.get(batch).json()["state"] == "completed", 180, "the set of colours")
    return {item["item"]: item for item in items(client, batch)}


def kill(running: Service) -> list[int]:
    """Kill all that colour, at once."""
    killed = running.workers()
    for process in killed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return [process.pid for process in killed]


def test_the_colours_are_the_same_when_workers_die_between_items(tmp_path: Path) -> None:
    model, film, recognizer = (tmp_path / f"{name}.onnx" for name in ("usual", "film", "recognizer"))
    for file in (model, film):
        file.write_bytes(tiny_model(ABLE_CARD))
    recognizer.symlink_to(ROOT / "model/weights/recognizer.onnx")
    how = {
        "PHOTOCHROM_MODEL_PATH": str(model),
        "PHOTOCHROM_HEARTBEAT_TTL": "2",
        "PHOTOCHROM_MAINTENANCE_INTERVAL": "1",
    }
    with service(tmp_path / "data", **how) as running, running.client() as client:
        calm = begin(client)
        put(client, calm, *PHOTOGRAPHS)
        client.post(f"{calm}:seal").raise_for_status()
        wanted = finished(client, calm)

        # Between two photographs: those that are coloured stay, the others are coloured by the next worker.
        stormy = begin(client)
        put(client, stormy, "a.jpg", "b.jpg")
        wait_for(lambda: any(one["result"] for one in items(client, stormy)), 60, "a first photograph")
        killed = kill(running)
        put(client, stormy, "other.jpg", "c.jpg")
        client.post(f"{stormy}:seal").raise_for_status()

        # And amid the set: some know their series, not all have its colours.
        def told() -> list[str]:
            return [one["state"] for one in items(client, stormy) if one["series"]]

        states = wait_for(told, 120, "a photograph that is told its series")
        killed += kill(running)
        assert {"queued", "running"} & set(states), "it died when all was done"
        found = finished(client, stormy)
        assert not {worker.pid for worker in running.workers()} & set(killed)

    assert len(killed) >= 2
    digests = [{name: one["result"]["sha256"] for name, one in each.items()} for each in (wanted, found)]
    assert digests[0] == digests[1]
    series = [
        {
            name: (one["series"]["group"], one["series"]["members"], one["series"]["matched"])
            for name, one in each.items()
        }
        for each in (wanted, found)
    ]
    assert series[0] == series[1]
    assert [found[name]["series"]["members"] for name in sorted(found)] == [3, 3, 3, 1]
    assert any(one["series"]["matched"] for one in found.values())
