"""The wall clock of queue, API and workers jumps by hours, forward and backward, while a batch goes through.

A small library before the C library's own moves what the processes see of it (`clock.c`); nothing else of them is
changed, and the monotonic clock goes on as it does when somebody sets the clock of a machine.
"""

import random
import struct
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from support.queue.inquest import examine
from support.queue.killing import Battle, begun, make_album
from support.servers.running import command
from support.waiting import wait_for

from .row import Row

_SOURCE = Path(__file__).with_name("clock.c")
_HOURS = 6
_RECOVERY_SECONDS = 60.0


@dataclass
class WallClock:
    """The clock of all processes that are started with `env`."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._offset, library = self.folder / "offset", self.folder / "clock.so"
        self.set(0)
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, _SOURCE], check=True)
        self.env = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self._offset)}

    def set(self, seconds: int) -> None:
        """Have it be so far from the right time."""
        # In place: the processes have the file mapped.
        with self._offset.open("r+b" if self._offset.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("q", seconds))


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
    """Let the clock jump `times` times; nothing is lost, done again, expired, or killed for it."""
    chance, clock = random.Random(seed), WallClock(folder / "clock")
    album, out = make_album(folder / "album", photos, side, chance), folder / "out"
    battle = Battle(folder, workers, {**env, **clock.env})
    row = Row(f"clock jumps by up to {_HOURS} hours", times, photos)
    with battle.stack, battle.client:
        wait_for(lambda: len(battle.running.workers()) == workers, 30, "the workers")
        before = {process.pid for process in battle.running.parts("-m")}
        sending = command("batch", str(album), "--to", str(out), "--server", battle.running.url)
        for moment in sorted(chance.sample(range(int(photos * 0.9)), times)):
            wait_for(lambda at=moment: begun(battle, sending) >= at, 300, f"{moment} items done")
            row.seconds.append(_jump(battle, clock, chance))
            battle.note_successes()
        said = sending.communicate(timeout=600)[0]
        verdict = examine(battle.client, album, out, folder / "data", battle.seen, 0)
        same = before == {process.pid for process in battle.running.parts("-m")}
        battle.stack.close()
    row.take(verdict, sending.returncode, said)
    ends = [job.finished_at for job in battle.seen.values() if job.finished_at]
    row.check(max(ends) - min(ends) > timedelta(hours=1), "the clock of the workers did not move")
    row.also = f"{verdict.again} attempts again, all processes the same"
    row.check(same, "a process was killed, or ended, for a jump")
    return row


def _jump(battle: Battle, clock: WallClock, chance: random.Random) -> float:
    """Set the clock anew; return the seconds until another item was done."""
    before = battle.batch().done
    clock.set(chance.randint(-_HOURS, _HOURS) * 3600 + chance.randint(0, 3599))
    jumped = time.monotonic()
    wait_for(
        lambda: (now := battle.batch()).done > before or now.over, _RECOVERY_SECONDS, "the batch to move on"
    )
    return time.monotonic() - jumped
