"""kill -9 of worker processes at random, as fast as a batch moves on; nobody waits for a recovery in between.

Each victim is stopped (SIGSTOP) before it is looked at, so what it had at work is known exactly. A photograph whose
third and last attempt is at work is spared: three deaths on one photograph are a fault of their own, see `poison`.
"""

import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from support.queue.inquest import examine
from support.queue.killing import LAST_ATTEMPT, Battle, make_album
from support.servers.running import command

from .inside import running, store_of, worker_of
from .row import Row

_STALL_SECONDS = 90.0
_LOOK_SECONDS = 0.05
_DONE = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)


@dataclass
class Wound:
    """A photograph whose worker was killed, until it is at work again or done."""

    job_id: str
    attempt: int
    since: float

    def healed(self, record: JobRecord) -> bool:
        return record.attempt > self.attempt or record.finished


@dataclass
class Hunt:
    """Who kills workers, and what is still open."""

    battle: Battle
    chance: random.Random
    kills: int = 0
    spared: int = 0
    wounds: list[Wound] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = store_of(self.battle.folder / "data")

    def done(self) -> int:
        counts = self.store.counts()
        return sum(counts[state] for state in _DONE)

    def shoot(self) -> None:
        """Kill one worker, whatever it does: it may work, wait or just start."""
        workers = self.battle.running.parts("workers", "--single")
        if not workers:
            return
        victim = self.chance.choice(workers)
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGSTOP)
            at_work = next((job for job in running(self.store) if worker_of(job) == victim.pid), None)
            if at_work is not None and at_work.attempt >= LAST_ATTEMPT:
                self.spared += 1
                victim.send_signal(signal.SIGCONT)
                return
            victim.kill()
            self.kills += 1
            if at_work is not None:
                self.wounds.append(Wound(at_work.id, at_work.attempt, time.monotonic()))

    def look(self) -> None:
        """Note the wounds that have healed."""
        records = {record.id: record for record in self.store.get_many([w.job_id for w in self.wounds])}
        now = time.monotonic()
        healed = [w for w in self.wounds if w.job_id in records and w.healed(records[w.job_id])]
        self.seconds += [now - wound.since for wound in healed]
        self.wounds = [wound for wound in self.wounds if wound not in healed]


def run(
    folder: Path,
    *,
    photos: int = 500,
    times: int = 100,
    seed: int = 7,
    workers: int = 2,
    side: int = 160,
    bar: float = 15.0,
    **env: str,
) -> Row:
    """Kill `times` workers while `photos` go through; each photograph has to be back within `bar` seconds."""
    chance = random.Random(seed)
    album, out = make_album(folder / "album", photos, side, chance), folder / "out"
    moments = sorted(chance.sample(range(int(photos * 0.95)), times))
    battle = Battle(folder, workers, env)
    with battle.stack, battle.client:
        hunt = Hunt(battle, chance)
        sending = command("batch", str(album), "--to", str(out), "--server", battle.running.url)
        _hunt(hunt, moments, photos)
        said = sending.communicate(timeout=600)[0]
        verdict = examine(battle.client, album, out, folder / "data", battle.seen, hunt.kills)
        battle.stack.close()
    row = Row("kill -9 of workers at random", hunt.kills, photos, seconds=hunt.seconds)
    row.also = (
        f"{len(hunt.seconds)} hit at work, {verdict.again} attempts again, {hunt.spared} last attempts spared"
    )
    row.take(verdict, sending.returncode, said)
    row.check(max(row.seconds, default=0.0) <= bar, f"a photograph was not back within {bar:g} s")
    return row


def _hunt(hunt: Hunt, moments: list[int], photos: int) -> None:
    """Shoot whenever the batch has come to the next moment, until all is done and healed."""
    open_moments, moved, before, noted = list(moments), time.monotonic(), -1, 0.0
    while (done := hunt.done()) < photos or hunt.wounds:
        now = time.monotonic()
        if done != before:
            moved, before = now, done
        assert now - moved < _STALL_SECONDS, f"the batch stands at {done} for {_STALL_SECONDS} s"
        if open_moments and done >= open_moments[0]:
            time.sleep(hunt.chance.uniform(0, 0.3))
            kills = hunt.kills
            hunt.shoot()
            if hunt.kills > kills:
                del open_moments[0]
                sys.stderr.write(f"kill {hunt.kills} at {done} of {photos}, {len(hunt.wounds)} open\n")
        hunt.look()
        if done and now - noted > 1:
            hunt.battle.note_successes()
            noted = now
        time.sleep(_LOOK_SECONDS)
