"""Files that no job names, left by processes that were killed: into the trash, and a day later for good.

A mistake here would take people's photographs, so a file goes only where all of this holds: the storage is proven to
be ours, the key has our own form, the file is old, no record names it at the moment of the move, and few go at once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from photochrom.jobs.findings import LEFT, OWNED, Findings
from photochrom.jobs.store import JobStore
from photochrom.ownership import Ownership, chunks
from photochrom.storage import trash
from photochrom.storage.keys import ORIGINALS, RESULTS, is_photograph, trash_key
from photochrom.storage.storage import Storage

from ..supervisor import ORPHAN_LIMIT

_log = logging.getLogger(__name__)
_SHARE = 10
"""And no more than one in so many."""
IN_TRASH = timedelta(days=1)
# What is beyond it waits for the next look: a list of millions is not to fill a worker's memory.
_MOST = 100_000


@dataclass(frozen=True)
class Orphans:
    """One look through the storage after another."""

    store: JobStore
    storage: Storage
    ownership: Ownership
    findings: Findings
    limit: int | None = ORPHAN_LIMIT
    """None lets any number go, and any share."""
    go_on: Callable[[], None] = lambda: None
    """Called again and again: a look may take long."""

    def look(self, now: datetime, age: timedelta) -> None:
        """Move to the trash what is older than `age` and named by no job; delete what has been there for a day."""
        owned = self.ownership.claim()
        self.findings.note(OWNED, int(owned))
        if not owned:
            _log.warning(
                "Files that no job names are left where they are: %s. If queue and storage belong together, say so by "
                "`photochrom adopt`",
                self.ownership.refusal(),
            )
            return
        found, total = self._found(now - age)
        if self._too_many(len(found), total):
            self.findings.note(LEFT, len(found))
            _log.error(
                "%d of %d files are named by no job, more than may go at once; all are left where they are. If that "
                "is right, set PHOTOCHROM_ORPHAN_LIMIT=none until the next look",
                len(found),
                total,
            )
            return
        self.findings.note(LEFT, 0)
        self._move(found, now)
        trash.empty(self.storage, now - IN_TRASH)
        self.ownership.count_look()

    def _found(self, oldest: datetime) -> tuple[list[str], int]:
        """Return the keys of ours that no record names, and the number of all that are of our form."""
        found: list[str] = []
        total = 0
        ours = (
            one
            for prefix in (ORIGINALS, RESULTS)
            for one in self.storage.listing(prefix)
            if is_photograph(one.key)
        )
        for group in chunks(ours):
            self.go_on()
            total += len(group)
            old = [one.key for one in group if one.modified_at < oldest]
            if len(found) < _MOST and old:
                named = self.store.named(old)
                found += [key for key in old if key not in named]
        return found, total

    def _too_many(self, found: int, total: int) -> bool:
        if self.limit is None:
            return False
        # One may go always: a storage of five would keep the leavings of a killed process for ever.
        return found > max(1, min(self.limit, total // _SHARE))

    def _move(self, keys: list[str], now: datetime) -> None:
        for group in chunks(keys):
            self.go_on()
            named = self.store.named(group)
            for key in group:
                if key not in named:
                    _log.warning("Moving %s to the trash: no job names it", key)
                    with trash.failures_logged(key):
                        self.storage.move(key, trash_key(key, now))
