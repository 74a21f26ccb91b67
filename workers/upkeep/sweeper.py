"""Deletes the files and records whose time is over.

The record goes first: it says that the files are gone and names them as being deleted, in one step that fails if
anybody, by a `:retry`, was faster. Only then the files go, and last the names. So no job that was promised another
attempt loses its original, and a sweep that is killed is taken up where it was.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError
from redis.exceptions import ConnectionError, OutOfMemoryError, RedisError, TimeoutError  # noqa: A004

from photochrom.errors import JobConflict, JobNotFound, StorageUnavailable
from photochrom.jobs.findings import UNREADABLE, Findings
from photochrom.jobs.record import JobRecord
from photochrom.jobs.store import JobStore
from photochrom.storage.storage import Storage

_log = logging.getLogger(__name__)
_UNREADABLE_AGAIN = timedelta(days=1)
_FAILED_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Sweeper:
    """What one look at expired jobs works with."""

    store: JobStore
    storage: Storage
    findings: Findings

    def sweep(self, job_ids: list[str], now: datetime) -> tuple[list[str], int]:
        """Delete what has expired by `now` of these jobs.

        One that fails is put off, so that it does not keep others waiting.

        Returns: those that stand where they stood, as they could not be put off either; how many were swept.

        Raises:
            ConnectionError, TimeoutError: of Redis.
            StorageUnavailable: it concerns all.
        """
        left: list[str] = []
        unreadable = swept = 0
        for job_id in job_ids:
            try:
                self._sweep(job_id, now)
                swept += 1
            except (ConnectionError, TimeoutError, StorageUnavailable):
                raise
            except ValidationError:
                unreadable += 1
                left += self._put_off(job_id, now + _UNREADABLE_AGAIN)
            except Exception:
                _log.exception("Job %s cannot be swept", job_id)
                left += self._put_off(job_id, now + _FAILED_AGAIN)
        if unreadable:
            self._tell(unreadable)
        return left, swept

    def _sweep(self, job_id: str, now: datetime) -> None:
        with suppress(JobNotFound, JobConflict):
            try:
                record = self.store.change(job_id, lambda job: job.sweep(now))
            except OutOfMemoryError:
                # What is named here no more makes room. Killed in between, files are left that no job names.
                record = self.store.get(job_id)
                if _over(record, now) and self.store.forget(record):
                    self._delete(record.stored_keys())
                return
            self._delete(record.deleting)
            if _over(record, now):
                # Where somebody was faster, the next sweep judges by what they wrote.
                self.store.forget(record)
            elif record.deleting:
                self.store.change(job_id, lambda job: job.deleted(record.deleting))

    def _delete(self, keys: "tuple[str, ...] | set[str]") -> None:
        for key in keys:
            self.storage.delete(key)

    def _put_off(self, job_id: str, until: datetime) -> list[str]:
        """Return the job if it cannot be put off."""
        try:
            self.store.put_off(job_id, until)
        except (ConnectionError, TimeoutError):
            raise
        except RedisError:
            return [job_id]
        return []

    def _tell(self, unreadable: int) -> None:
        _log.error(
            "%d records whose time is over cannot be read by this version, as if a newer one had written them; they "
            "and their files stay, and are looked at again in a day",
            unreadable,
        )
        with suppress(OutOfMemoryError):
            self.findings.add(UNREADABLE, unreadable)


def _over(record: JobRecord, now: datetime) -> bool:
    return record.expires_at is not None and record.expires_at <= now
