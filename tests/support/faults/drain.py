"""SIGTERM amid a batch: what is at work is finished or given back, nothing fails, nothing is begun again."""

import random
import signal
import statistics
import time
from pathlib import Path

from photochrom.jobs.states import JobState
from support.queue.inquest import examine
from support.queue.killing import Battle, begun, make_album
from support.servers.running import command
from support.waiting import wait_for

from .row import Row


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
    """End `photochrom up` by SIGTERM `times` times and start it again; all succeed at their first attempt."""
    chance = random.Random(seed)
    album, out = make_album(folder / "album", photos, side, chance), folder / "out"
    battle = Battle(folder, workers, env)
    row = Row("SIGTERM of the whole service", times, photos)
    ends: list[float] = []
    with battle.stack, battle.client:
        sending = command("batch", str(album), "--to", str(out), "--server", battle.running.url)
        for moment in sorted(chance.sample(range(int(photos * 0.9)), times)):
            wait_for(lambda at=moment: begun(battle, sending) >= at, 300, f"{moment} items done")
            time.sleep(chance.uniform(0, 0.2))
            before, told = battle.batch().done, time.monotonic()
            row.check(battle.running.stop(signal.SIGTERM) == 0, "it did not end with exit code 0")
            ends.append(time.monotonic() - told)
            battle.restart()
            wait_for(
                lambda n=before: (now := battle.batch()).done > n or now.over, 60, "the batch to move on"
            )
            row.seconds.append(time.monotonic() - told)
            battle.note_successes()
        said = sending.communicate(timeout=600)[0]
        verdict = examine(battle.client, album, out, folder / "data", battle.seen, 0)
        failed = sum(1 for _ in battle.client.batches.items(battle.batch().id, state=JobState.FAILED))
        battle.stack.close()
    row.take(verdict, sending.returncode, said)
    row.check(failed == 0, f"{failed} jobs failed")
    row.also = (
        f"{failed} failed, {verdict.again} attempts again; "
        f"ended within {statistics.median(ends):.1f} s (median), {max(ends):.1f} s (worst)"
    )
    return row
