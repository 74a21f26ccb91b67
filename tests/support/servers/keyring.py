"""Keys for tests: made as the command makes them, shown as callers show them."""

from datetime import datetime

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.times import utc_now
from support.queue.queueing import Bench

USUAL = frozenset({Scope.READ, Scope.WRITE})


def new_key(
    bench: Bench,
    *scopes: Scope,
    limits: KeyLimits | None = None,
    expires_at: datetime | None = None,
    owner: str | None = None,
) -> tuple[KeyRecord, str]:
    record, token = KeyRecord.generate(
        "test",
        frozenset(scopes) or USUAL,
        created_at=utc_now(),
        limits=limits,
        expires_at=expires_at,
        owner=owner,
    )
    KeyStore(bench.redis).add(record)
    return record, token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def show(bench: Bench, *scopes: Scope, limits: KeyLimits | None = None) -> dict[str, str]:
    """Make a key and return the headers of its holder."""
    return bearer(new_key(bench, *scopes, limits=limits)[1])
