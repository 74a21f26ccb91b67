"""The live workers with their models and hardware, and the live webhook dispatchers, as keys that expire."""

from datetime import datetime
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field
from redis import Redis

from ..photo.options import OutputFormat
from ..photo.restoration import FinderCard
from ..records import readable
from .parts import ModelUsed

_INDEX = "workers"


PHOTOGRAPH, PAGE = "photograph", "page"
"""Kinds of jobs."""


class WorkerStatus(BaseModel):
    """What a worker reports with every heartbeat."""

    model_config = ConfigDict(frozen=True)

    name: str
    host: str
    pid: int
    home: Annotated[
        str, Field(description="Where its process id is the same for others; empty where that is unknown.")
    ] = ""
    started_at: datetime
    model: ModelUsed
    capabilities: Annotated[
        tuple[str, ...], Field(description="Optional inputs that the weights were trained for.")
    ] = ()
    tells_series: Annotated[
        bool, Field(description="Whether it can tell which photographs belong together.")
    ] = False
    film_model: Annotated[
        ModelUsed | None, Field(description="The model for photographs of old film, where there is one.")
    ] = None
    film_capabilities: tuple[str, ...] = ()
    writes: Annotated[tuple[OutputFormat, ...], Field(description="Formats of results.")] = tuple(
        OutputFormat
    )
    finder: Annotated[
        FinderCard | None, Field(description="The network that finds damage; none where its form tells it.")
    ] = None
    kinds: Annotated[
        tuple[str, ...],
        Field(description="Of jobs that it can do. One that says nothing takes a page for a photograph."),
    ] = (PHOTOGRAPH,)
    options: Annotated[
        tuple[str, ...],
        Field(description="Names of those that it knows; one that says nothing knows those of 0.1.0."),
    ] = ()
    job_id: Annotated[str | None, Field(description="The running job, None when idle.")] = None
    resident_bytes: Annotated[int, Field(description="Memory of the process, 0 where it is not known.")] = 0


class Fleet:
    """The registry of live workers in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def beat(self, status: WorkerStatus, ttl: int) -> None:
        """Write the worker's heartbeat, valid for `ttl` seconds."""
        pipeline = self._redis.pipeline()
        pipeline.set(_key(status.name), status.model_dump_json(), ex=ttl)
        pipeline.sadd(_INDEX, status.name)
        pipeline.execute()

    def shorten(self, ttl: int) -> None:
        """Shorten all heartbeats to at most `ttl` seconds: the server's clock went back, and some may be dead."""
        for name in cast("set[bytes]", self._redis.smembers(_INDEX)):
            if self._redis.pttl(_key(name.decode())) > ttl * 1000:
                self._redis.expire(_key(name.decode()), ttl)

    def leave(self, name: str) -> None:
        """Say good-bye."""
        pipeline = self._redis.pipeline()
        pipeline.delete(_key(name))
        pipeline.srem(_INDEX, name)
        pipeline.execute()

    def alive(self) -> list[WorkerStatus]:
        """Return the workers whose heartbeat is fresh, by name; forget the others."""
        return readable(WorkerStatus, self._fresh())

    def late(self, ttl: int, seconds: float) -> list[WorkerStatus]:
        """Return the workers whose heartbeat, valid for `ttl` seconds, is this old and has not run out."""
        found = self.alive()
        pipeline = self._redis.pipeline(transaction=False)
        for worker in found:
            pipeline.pttl(_key(worker.name))
        left = (ttl - seconds) * 1000
        return [
            worker
            for worker, rest in zip(found, pipeline.execute(), strict=True)
            if 0 <= cast("int", rest) <= left
        ]

    def lives_on(self, host: str) -> bool:
        """Return whether a worker of this host is alive."""
        return any(status.host == host for status in self.alive())

    def size(self) -> int:
        """Return how many workers are alive; forget the others."""
        return len(self._fresh())

    def _fresh(self) -> list[bytes]:
        names = sorted(name.decode() for name in cast("set[bytes]", self._redis.smembers(_INDEX)))
        if not names:
            return []
        texts = cast("list[bytes | None]", self._redis.mget([_key(name) for name in names]))
        if dead := [name for name, text in zip(names, texts, strict=True) if text is None]:
            self._redis.srem(_INDEX, *dead)
        return [text for text in texts if text is not None]


class Dispatchers:
    """The registry of live webhook dispatchers, one entry for each host."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def beat(self, host: str, ttl: int) -> None:
        """Write the heartbeat of this host's dispatcher, valid for `ttl` seconds."""
        self._redis.set(f"dispatcher:{host}", b"", ex=ttl)

    def lives_on(self, host: str) -> bool:
        """Return whether the dispatcher of this host is alive."""
        return bool(self._redis.exists(f"dispatcher:{host}"))


def _key(name: str) -> str:
    return f"worker:{name}"
