"""A batch under fire: `photochrom batch` while the server and the workers are killed (kill -9) at random.

`python -m support.queue.killing --photos 500 --kills 10 --seed 7`, or `make test-faults`, prints a table and exits with
1 unless each photograph came through. What is counted:

- *lost*: photographs whose item is not `succeeded`, or whose result is not in the client's folder, byte for byte;
- *duplicated*: items beyond one for a photograph; results beyond one for an item, in the storage or in the zip;
  successes that were written again (an item seen `succeeded` once has at the end the very same times and digest);
- *again*: attempts beyond the first. A worker that dies takes its photograph with it, so each death may cost one
  more attempt, and nothing else may;
- *back after*: seconds from the kill until all that was at work then is at work again, or done, and the batch has
  moved on; the restart of the service by us is part of it.

A photograph whose third and last attempt is at work is spared: the kill waits until it is done. Three deaths on one
photograph are a fault of their own, see `faults.poison`.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from photochrom.jobs.states import JobState
from photochrom_client import Batch, Client, Job, PhotochromError, Retries
from support.pictures.photographs import noise_jpeg
from support.queue.inquest import Verdict, examine
from support.servers.ports import free_port
from support.servers.running import Service, command, service
from support.waiting import wait_for

KINDS = ("a worker", "all workers", "the server", "everything")
LAST_ATTEMPT = 3
_RECOVERY_SECONDS = 120.0


@dataclass
class Kill:
    """One kill, and what came of it."""

    what: str
    at: int
    """How many items were done."""
    processes: int = 0
    at_work: int = 0
    spared: int = 0
    """Last attempts that it waited for."""
    seconds: float = 0.0


@dataclass
class Battle:
    """The service, the client that sends a folder to it, and whoever shoots at it."""

    folder: Path
    workers: int
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    stack: ExitStack = field(default_factory=ExitStack)
    seen: dict[str, Job] = field(default_factory=dict)
    workers_killed: int = 0

    def __post_init__(self) -> None:
        self.start()
        self.client = Client(self.running.url, retries=Retries(patience=60, longest=0.5))

    def start(self) -> None:
        arguments = ("--workers", str(self.workers))
        started = service(self.folder / "data", *arguments, port=self.port, **self.env)
        self.running: Service = self.stack.enter_context(started)

    def fire(self, kill: Kill) -> None:
        """Kill, start what does not come back by itself, wait until all goes on."""
        kill.spared = len(self.last_attempts())
        wait_for(lambda: not self.last_attempts(), _RECOVERY_SECONDS, "the end of last attempts")
        batch = self.batch()
        at_work = self.at_work(batch)
        victims = self.victims(kill.what)
        kill.at, kill.at_work, kill.processes = batch.done, len(at_work), len(victims)
        self.workers_killed += sum("--single" in victim.cmdline() for victim in victims)
        started = time.monotonic()
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        if kill.what == "everything":
            self.restart()
        wait_for(lambda: self.recovered(at_work, batch), _RECOVERY_SECONDS, f"recovery from {kill}")
        kill.seconds = time.monotonic() - started

    def restart(self) -> None:
        """`photochrom up` brings back its parts; it is itself started again, as a supervisor would."""
        with suppress(subprocess.TimeoutExpired):
            self.running.process.wait(timeout=60)
        self.stack.close()
        self.start()

    def victims(self, what: str) -> list[psutil.Process]:
        up = psutil.Process(self.running.process.pid)
        family = up.children(recursive=True)
        if what == "a worker":
            return self.running.workers()[:1]
        if what == "all workers":
            return [child for child in family if "workers" in child.cmdline()]
        if what == "the server":
            return [child for child in family if "service" in child.cmdline()]
        return [up, *family]

    def batch(self) -> Batch:
        return next(self.client.batches.listed())

    def at_work(self, batch: Batch) -> dict[str, Job]:
        return {job.id: job for job in self.client.batches.items(batch.id, state=JobState.RUNNING)}

    def last_attempts(self) -> list[Job]:
        return [job for job in self.at_work(self.batch()).values() if job.attempt >= LAST_ATTEMPT]

    def recovered(self, at_work: dict[str, Job], before: Batch) -> bool:
        now = self.batch()
        moved_on = now.done > before.done or now.over
        return moved_on and all(_goes_on(self.client.jobs.get(job.id), job) for job in at_work.values())

    def note_successes(self) -> None:
        """Remember what is done now, to see at the end that nobody did it again."""
        for job in self.client.batches.items(self.batch().id, state=JobState.SUCCEEDED):
            self.seen.setdefault(job.id, job)


def under_fire(
    folder: Path, *, photos: int, kills: int, seed: int, workers: int = 2, side: int = 160, **env: str
) -> tuple[list[Kill], Verdict]:
    """Send `photos` through a service that is killed so often; return the kills and what was found after them."""
    chance = random.Random(seed)
    album, out = make_album(folder / "album", photos, side, chance), folder / "out"
    planned = planned_kills(photos, kills, chance)
    battle = Battle(folder, workers, env)
    with battle.stack, battle.client:
        sending = command("batch", str(album), "--to", str(out), "--server", battle.running.url)
        for kill in planned:
            wait_for(lambda at=kill.at: begun(battle, sending) >= at, 600, f"{kill.at} items done")
            time.sleep(chance.uniform(0, 0.2))
            battle.fire(kill)
            battle.note_successes()
        said = sending.communicate(timeout=900)[0]
        verdict = examine(battle.client, album, out, folder / "data", battle.seen, battle.workers_killed)
        verdict.check(sending.returncode == 0, f"the client ended with {sending.returncode}: {said}")
        battle.stack.close()
    return planned, verdict


def begun(battle: Battle, sending: "subprocess.Popen[str]") -> int:
    assert sending.poll() is None, f"the client ended early: {sending.communicate()[0]}"
    try:
        return battle.batch().done
    except StopIteration:
        return -1


def planned_kills(photos: int, kills: int, chance: random.Random) -> list[Kill]:
    """Spread them over the batch at random; each kind comes about as often as the others."""
    kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
    chance.shuffle(kinds)
    moments = sorted(chance.sample(range(int(photos * 0.9)), kills))
    return [Kill(what, at) for what, at in zip(kinds, moments, strict=True)]


def make_album(album: Path, photos: int, side: int, chance: random.Random) -> Path:
    for number in range(photos):
        path = album / f"{1900 + number % 7}" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise_jpeg(side + number % 5 * 16, chance.randrange(2**32)))
    return album


def _goes_on(now: Job, before: Job) -> bool:
    return now.over or (now.state is JobState.RUNNING and now.started_at != before.started_at)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="python -m support.queue.killing", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--side", type=int, default=160, help="pixels, about")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="photochrom-faults-") as folder:
        kills, verdict = under_fire(
            Path(folder),
            photos=given.photos,
            kills=given.kills,
            seed=given.seed,
            workers=given.workers,
            side=given.side,
        )
    sys.stdout.write(
        table(kills, verdict) + f"\nseed {given.seed}, {time.monotonic() - started:.0f} s in all\n"
    )
    return 0 if verdict.clean else 1


def table(kills: list[Kill], verdict: Verdict) -> str:
    rows = [
        f"{'killed':12} {'processes':>9} {'when done':>9} {'at work':>7} {'spared':>6} {'back after, s':>13}"
    ]
    rows += [
        f"{kill.what:12} {kill.processes:9} {kill.at:9} {kill.at_work:7} {kill.spared:6} {kill.seconds:13.1f}"
        for kill in kills
    ]
    return "\n".join([*rows, "", str(verdict)])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PhotochromError as error:
        sys.exit(str(error))
