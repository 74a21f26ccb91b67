"""kill -9 of server, workers and all at once, as `support.queue.killing` does it, as a row among the others."""

from pathlib import Path

from support.queue.killing import under_fire

from .row import Row


def run(folder: Path, *, photos: int = 500, times: int = 10, seed: int = 7, **env: str) -> Row:
    """Kill a worker, all workers, the server or everything, `times` times in all."""
    kills, verdict = under_fire(folder, photos=photos, kills=times, seed=seed, **env)
    row = Row("kill -9 of server, workers, or everything", times, photos, verdict.lost, verdict.duplicated)
    row.seconds = [kill.seconds for kill in kills]
    row.broken += verdict.broken
    spared = sum(kill.spared for kill in kills)
    row.also = f"{verdict.workers_killed} workers killed, {verdict.again} attempts again, {spared} last attempts spared"
    return row
