"""`photochrom adopt` and `photochrom untrash`: what only a person may decide about files that no job names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import typer
from redis import Redis

from photochrom.jobs.store import JobStore
from photochrom.ownership import Ownership, chunks
from photochrom.storage import trash
from photochrom.storage.choose import open_storage
from photochrom.storage.keys import is_photograph
from photochrom.storage.storage import Storage
from photochrom.times import Retention

from .queue_at_hand import queue_at_hand


def adopt(data: Path, *, sure: bool) -> None:
    """Print what would be deleted, ask, and bind the storage to the queue."""
    with _both(data) as (storage, ownership, store):
        total, unnamed, others = _counts(storage, store)
        typer.echo(
            f"The storage holds {total:,} files of ours; no job of this queue names {unnamed:,} of them."
            + (f" {others:,} files are not ours and stay untouched." if others else "")
        )
        if why := ownership.refusal():
            typer.echo(f"Nothing goes for want of a job so far: {why}.")
        if unnamed:
            typer.echo(
                "Once adopted, workers move those that no job names to the trash, and delete them a day later."
            )
        if not sure:
            typer.confirm("Do this storage and this queue belong together, and to no other?", abort=True)
        ownership.adopt()
        typer.echo("Adopted.")


def untrash(data: Path) -> None:
    """Put back what the trash holds, and see that it is not taken again."""
    with _both(data) as (storage, ownership, _):
        # First: the next look would take it away again.
        ownership.release()
        count = trash.take_back(storage)
        typer.echo(
            f"{count:,} files are back where they were. From now on no file counts as left over, until jobs name all "
            "of them, or `photochrom adopt` says that the storage is this queue's."
        )


@contextmanager
def _both(data: Path) -> Iterator[tuple[Storage, Ownership, JobStore]]:
    from .up import shared_settings

    with queue_at_hand(data) as redis:
        settings = shared_settings()
        if settings.given_redis_url() is None:
            settings = settings.model_copy(update={"data_dir": data})
        store = _store(redis)
        storage = open_storage(settings)
        yield storage, Ownership(redis, storage, store.named), store


def _store(redis: Redis) -> JobStore:
    # Nothing is ended here, so nothing is kept by it.
    return JobStore(redis, Retention(timedelta(0), timedelta(0), timedelta(0)))


def _counts(storage: Storage, store: JobStore) -> tuple[int, int, int]:
    """Return how many files are of our form, how many of these no job names, and how many are others'."""
    ours = unnamed = others = 0
    for group in chunks(storage.listing()):
        keys = [one.key for one in group if is_photograph(one.key)]
        ours += len(keys)
        others += len(group) - len(keys)
        unnamed += len(keys) - len(store.named(keys))
    return ours, unnamed, others
