"""`photochrom backup`, `restore` and `repair`: the embedded queue and the photographs, as one whole.

Order makes the whole: the queue first, at one moment, then the photographs. A file is there before a record names it,
so every record of the moment finds its files; what comes in meanwhile has files in the backup and no record, and harms
nobody. Only what is deleted meanwhile is missing, and its records are left out when the backup is restored.
"""

import os
import shutil
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis

from photochrom import __version__, schema
from photochrom.errors import ObjectNotFound, PhotochromError
from photochrom.files import copy_file
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import UNFINISHED
from photochrom.jobs.store import JobStore
from photochrom.ownership import Ownership, forget_queue
from photochrom.processes import append_only
from photochrom.processes import valkey as server
from photochrom.settings import SharedSettings
from photochrom.storage.storage import LocalStorage, Storage
from photochrom.times import Retention, utc_now

from .queue_at_hand import queue_at_hand
from .up import locked, shared_settings

_QUEUE, _PHOTOS, _CONTENTS = "queue.rdb", "photos", "backup.json"
_DRAFTS = ".drafts"
_POLL_SECONDS = 0.05
_NOTHING_KEPT = Retention(timedelta(0), timedelta(0), timedelta(0))


class BackupRefused(PhotochromError):
    """It cannot be made, or restored, here; the sentence says why."""

    code = "backup-refused"


class Contents(BaseModel):
    """What a backup says of itself; written last, so that only whole ones have it."""

    model_config = ConfigDict(frozen=True)

    version: str
    layout: Annotated[int, Field(description="The schema number of the data.")]
    made_at: datetime
    photographs: Annotated[int | None, Field(description="None where they lie in an object store.")]


def back_up(target: Path, data: Path) -> None:
    """Write queue and photographs into a new folder; the service may go on meanwhile."""
    settings = _embedded()
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(f"{target} holds something already; name a new folder.")
    if not (data / "queue").is_dir():
        raise BackupRefused(f"{data} is no data folder of `photochrom up`; name it with --data.")
    with queue_at_hand(data) as redis:
        target.mkdir(parents=True, exist_ok=True)
        # It holds what signs webhooks, and everybody's photographs.
        _keep_private(target, 0o700)
        made_at = utc_now()
        _snapshot(redis, data / "queue", target / _QUEUE)
    count = None if settings.storage else _copy(data / "photos", target / _PHOTOS)
    os.sync()
    contents = Contents(version=__version__, layout=schema.SCHEMA, made_at=made_at, photographs=count)
    (target / _CONTENTS).write_text(contents.model_dump_json())
    os.sync()
    what = "the queue" if count is None else f"the queue and {count:,} files"
    typer.echo(f"{target} holds {what} of {made_at:%Y-%m-%d %H:%M:%S} UTC.")
    if count is None:
        typer.echo(f"The photographs lie in {settings.storage}: copy them now, after the queue.")


def restore(source: Path, data: Path) -> None:
    """Make a data folder of a backup; the next `photochrom up` goes on with it."""
    settings = _embedded()
    contents = _contents(source)
    with locked(data):
        if (data / "queue").exists() or (data / "photos").exists():
            raise BackupRefused(f"{data} holds something already; name a new folder with --data.")
        found = None if contents.photographs is None else _copy(source / _PHOTOS, data / "photos")
        if found != contents.photographs:
            raise BackupRefused(f"{source} holds {found} files and should hold {contents.photographs}.")
        schema.note_folder(data)
        append_only.write_base(data / "queue", source / _QUEUE)
        with server.valkey(data / "queue") as url, Redis.from_url(url) as redis:
            schema.check_queue(redis)
            # Its photographs are others now than those of the first, which may go on.
            forget_queue(redis)
            store = JobStore(redis, _NOTHING_KEPT)
            if settings.storage or found is None:
                typer.echo(
                    "The photographs lie in an object store: see docs/deployment.md, then `photochrom adopt`."
                )
            else:
                _settle(redis, store, LocalStorage(data / "photos"))
            counts = store.counts()
    unfinished = sum(counts[state] for state in UNFINISHED)
    typer.echo(
        f"{data} holds {sum(counts.values()):,} jobs of {contents.made_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"{unfinished:,} of them unfinished. `photochrom up --data {data}` goes on with them."
    )


def repair(data: Path) -> None:
    """Cut the damaged end of the queue's file off."""
    _embedded()
    with locked(data):
        damage = server.find_damage(data / "queue")
        if damage is None:
            typer.echo(
                "The queue's file is whole, or it is damaged where cutting does not help: then restore a backup."
            )
            return
        copy = server.repair(damage)
        with server.valkey(data / "queue") as url, Redis.from_url(url) as redis:
            forget_queue(redis)
    typer.echo(
        f"The queue's file is cut off at byte {damage.offset:,} of {damage.size:,}; {copy} holds it as it was."
    )


def _embedded() -> SharedSettings:
    settings = shared_settings()
    if settings.given_redis_url() is not None:
        raise BackupRefused(
            "This is for the queue of `photochrom up`; for the server of REDIS_URL see docs/deployment.md."
        )
    return settings


def _snapshot(redis: Redis, queue: Path, target: Path) -> None:
    """Let the server write a snapshot, and copy it."""
    before = _persistence(redis)["rdb_saves"]
    # Where the server rewrites its file just now, the snapshot comes after it.
    redis.bgsave(schedule=True)
    while (now := _persistence(redis))["rdb_saves"] == before or now["rdb_bgsave_in_progress"]:
        time.sleep(_POLL_SECONDS)
    if now["rdb_last_bgsave_status"] != "ok":
        raise BackupRefused(
            f"The queue's server could not write its snapshot; {queue / 'valkey.log'} says why."
        )
    written = queue / cast("dict[str, str]", redis.config_get("dbfilename"))["dbfilename"]
    shutil.copyfile(written, target)
    _keep_private(target, 0o600)
    written.unlink()


def _keep_private(path: Path, mode: int) -> None:
    # Some file systems refuse modes; the folder's own access rules hold there.
    with suppress(OSError):
        path.chmod(mode)


def _persistence(redis: Redis) -> dict[str, Any]:
    return redis.info("persistence")


def _copy(source: Path, target: Path) -> int:
    """Copy all files but drafts, with their times; return how many. What goes away meanwhile is left out."""
    count = 0
    target.mkdir(parents=True)
    for folder, subfolders, names in os.walk(source):
        subfolders[:] = [name for name in subfolders if name != _DRAFTS]
        into = target / Path(folder).relative_to(source)
        into.mkdir(exist_ok=True)
        for name in names:
            try:
                copy_file(Path(folder) / name, into / name)
            except FileNotFoundError:
                continue
            count += 1
    return count


def _contents(source: Path) -> Contents:
    try:
        contents = Contents.model_validate_json((source / _CONTENTS).read_bytes())
    except (OSError, ValidationError):
        raise BackupRefused(f"{source} is no whole backup: there is no {_CONTENTS} in it.") from None
    schema.refuse_newer(contents.layout, f"The backup in {source}")
    return contents


def _settle(redis: Redis, store: JobStore, storage: Storage) -> None:
    """Leave out the jobs that were deleted while the backup was made, and let queue and photographs be one."""
    gone = [record.id for records in store.listed() for record in records if not _has_files(record, storage)]
    for job_id in gone:
        store.delete(job_id)
    if gone:
        typer.echo(f"{len(gone):,} jobs are left out: they were deleted while the backup was made.")
    Ownership(redis, storage, store.named).adopt()


def _has_files(record: JobRecord, storage: Storage) -> bool:
    try:
        for key in record.stored_keys() - set(record.deleting):
            storage.size(key)
    except ObjectNotFound:
        return False
    return True
