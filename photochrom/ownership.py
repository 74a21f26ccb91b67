"""Whose storage it is. Only its owner may take a file for left over because no job names it.

The queue has an installation's id, and so has the storage, in an object of its own; both count the looks for files that
no job names. Where one id is missing, where they differ, or where the storage has seen more looks than the queue
remembers (the queue was set back: restored, repaired, copied), nothing is deleted until `photochrom adopt` says
that the two belong together. A storage without an id becomes the queue's by itself while it holds nothing but what the
queue's jobs name: so does an empty one. API and workers see to it when they start, before an upload that is broken off
can leave a file that no job names.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Annotated, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis

from .errors import ObjectNotFound
from .ids import new_id
from .storage.keys import MARKER, is_photograph
from .storage.storage import Storage

_KEY = "installation"
_CHUNK = 500
FILES_AT_START = 500
"""A storage with more files at the first start is checked by the first search for files that no job names."""
T = TypeVar("T")


class Marker(BaseModel):
    """What the storage says of its owner."""

    model_config = ConfigDict(frozen=True, extra="allow")

    installation: str
    looks: Annotated[int, Field(ge=0, description="How often files were looked for that no job names.")] = 0


class Ownership:
    """Compares what queue and storage say; for any process that has both."""

    def __init__(self, redis: Redis, storage: Storage, named: Callable[[list[str]], set[str]]) -> None:
        """`named` returns those of some keys that jobs name."""
        self._redis, self._storage, self._named = redis, storage, named

    def refusal(self) -> str:
        """Return why nothing may be deleted for want of a job that names it; "" where all is proven."""
        marker, (mine, looks) = self._marker(), self._installation()
        if marker is None or not mine:
            missing = "storage says nothing of its owner" if marker is None else "queue is new"
            return f"the {missing}, and the storage holds files that no job names"
        if marker.installation != mine:
            return "the storage belongs to another installation"
        if marker.looks > looks:
            return "the queue is older than the storage, as if it had been restored or copied"
        return ""

    def claim(self, most: int | None = None) -> bool:
        """Make a storage ours that has no owner and holds nothing that our jobs do not name; tell whether it is ours.

        `most` is how many of its files to look at; with more than that it stays as it is.
        """
        if self._marker() is None and self._all_named(most):
            self.adopt()
        return not self.refusal()

    def adopt(self) -> None:
        """Make the storage ours, whoever owned it."""
        self._redis.hsetnx(_KEY, "id", new_id())
        mine, looks = self._installation()
        self._write(Marker(installation=mine, looks=looks))

    def release(self) -> None:
        """Let the storage be nobody's: nothing goes for want of a job that names it."""
        self._storage.delete(MARKER)

    def count_look(self) -> None:
        """Note that files were looked for; the queue first, so that it is never behind by a crash."""
        mine, _ = self._installation()
        looks = self._redis.hincrby(_KEY, "looks", 1)
        self._write(Marker(installation=mine, looks=looks))

    def _installation(self) -> tuple[str, int]:
        found = cast("list[bytes | None]", self._redis.hmget(_KEY, ["id", "looks"]))
        return (found[0] or b"").decode(), int(found[1] or 0)

    def _marker(self) -> Marker | None:
        with suppress(ObjectNotFound):
            text = b"".join(self._storage.read(MARKER).chunks)
            try:
                return Marker.model_validate_json(text)
            except ValidationError:
                # It says something that we do not understand: so it is not ours.
                return Marker(installation="")
        return None

    def _write(self, marker: Marker) -> None:
        with self._storage.draft() as draft:
            draft.write(marker.model_dump_json().encode())
            draft.commit(MARKER, media_type="application/json")

    def _all_named(self, most: int | None) -> bool:
        found = (one.key for one in self._storage.listing())
        for keys in chunks(found if most is None else islice(found, most + 1)):
            most = None if most is None else most - len(keys)
            if (most is not None and most < 0) or not all(map(is_photograph, keys)):
                return False
            if self._named(keys) < set(keys):
                return False
        return True


def forget_queue(redis: Redis) -> None:
    """Let the queue be nobody's: it has lost something, so that a file which no job names may well have had one."""
    redis.delete(_KEY)


def chunks(things: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """Yield them in lists of up to `size`."""
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk
