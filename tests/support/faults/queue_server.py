"""kill -9 of the embedded Valkey server amid a batch, right after the API has said 202 to a photograph."""

import random
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
from redis.exceptions import RedisError

from photochrom.jobs.queue import connect
from support.pictures.photographs import noise_jpeg
from support.queue.inquest import examine
from support.queue.killing import Battle, begun, make_album
from support.servers.running import command
from support.waiting import wait_for

from .row import Row

_RECOVERY_SECONDS = 60.0


def run(
    folder: Path,
    *,
    photos: int = 200,
    times: int = 20,
    seed: int = 7,
    side: int = 160,
    workers: int = 2,
    **env: str,
) -> Row:
    """Kill the server `times` times; what was accepted has to come through, also what was accepted just before."""
    chance = random.Random(seed)
    album, out = make_album(folder / "album", photos, side, chance), folder / "out"
    battle = Battle(folder, workers, env)
    row = Row("kill -9 of Valkey, by itself", times, photos + times)
    with battle.stack, battle.client:
        sending = command("batch", str(album), "--to", str(out), "--server", battle.running.url)
        wait_for(lambda: begun(battle, sending) >= 0, 60, "the batch")
        singles: list[str] = []
        for moment in sorted(chance.sample(range(int(photos * 0.9)), times)):
            wait_for(lambda at=moment: _done(battle) >= at, 300, f"{moment} items done")
            time.sleep(chance.uniform(0, 0.2))
            singles.append(battle.running.upload(noise_jpeg(side, chance.randrange(2**32))))
            row.seconds.append(_kill(battle))
            battle.note_successes()
        said = sending.communicate(timeout=600)[0]
        jobs = [battle.running.wait(job_id) for job_id in singles]
        verdict = examine(battle.client, album, out, folder / "data", battle.seen, times * workers)
        battle.stack.close()
    row.take(verdict, sending.returncode, said)
    again = verdict.again + sum(job["attempt"] - 1 for job in jobs)
    row.also = f"{len(jobs)} accepted just before a kill, {again} attempts again"
    return row


def _done(battle: Battle) -> int:
    """Ask the service, which may be without its queue right now."""
    with suppress(httpx.HTTPError):
        return battle.batch().done
    return -1


def _kill(battle: Battle) -> float:
    """Kill the server; return the seconds until another item was done, by a server with another process id."""
    before = _done(battle)
    with connect((battle.folder / "data" / "queue" / "address").read_text()) as redis:
        victim = psutil.Process(redis.info("server")["process_id"])
        victim.kill()
        killed = time.monotonic()

        def back() -> bool:
            with suppress(RedisError):
                return bool(redis.info("server")["process_id"] != victim.pid)
            return False

        wait_for(back, _RECOVERY_SECONDS, "the server's return")
    wait_for(lambda: _moved_on(battle, before), _RECOVERY_SECONDS, "the batch to move on")
    return time.monotonic() - killed


def _moved_on(battle: Battle, before: int) -> bool:
    batch = battle.batch()
    return batch.done > before or batch.over
