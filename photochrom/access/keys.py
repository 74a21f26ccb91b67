"""API keys: what is stored of them, what they allow, and how a presented key is checked."""

import hmac
import re
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, Field

from .. import ids
from ..records import STORED

_ID_LENGTH = 10
_SECRET_LENGTH = 32  # 160 bits
ID_PATTERN = rf"^[{ids.ALPHABET}]{{{_ID_LENGTH}}}$"
_TOKEN = re.compile(rf"phc_([{ids.ALPHABET}]{{{_ID_LENGTH}}})_[{ids.ALPHABET}]{{{_SECRET_LENGTH}}}")


class Scope(StrEnum):
    """What a key may do."""

    READ = "jobs:read"
    WRITE = "jobs:write"
    METRICS = "metrics"
    ALL_EVENTS = "events:all"  # webhooks that hear of the jobs of all owners
    ADMIN = "admin"


class KeyLimits(BaseModel):
    """What one owner may use; what a key leaves open is decided by the server's settings. None is no limit."""

    model_config = STORED

    requests_per_minute: Annotated[int | None, Field(ge=1)] = None
    daily_jobs: Annotated[int | None, Field(ge=0)] = None
    daily_bytes: Annotated[int | None, Field(ge=0)] = None
    daily_pixels: Annotated[int | None, Field(ge=0)] = None
    daily_actions: Annotated[int | None, Field(ge=0)] = None

    def over(self, others: "KeyLimits") -> "KeyLimits":
        """Return these limits, filled up from `others`."""
        return others.model_copy(update=self.model_dump(exclude_none=True))


class KeyRecord(BaseModel):
    """What is stored of a key; the key itself is not."""

    model_config = STORED

    id: Annotated[str, Field(pattern=ID_PATTERN)]
    name: str
    scopes: frozenset[Scope]
    sha256: Annotated[str, Field(description="Of the whole key.")]
    owner: Annotated[
        str,
        Field(
            min_length=1, description="Whose jobs it makes and sees: the first key's id, if it follows one."
        ),
    ]
    created_at: datetime
    expires_at: datetime | None = None
    limits: KeyLimits = KeyLimits()

    def allows(self, scope: Scope) -> bool:
        """Return whether the key has this scope; `admin` has all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def matches(self, token: str) -> bool:
        """Compare in constant time, so that no part of a key can be learned from the time an answer takes."""
        return hmac.compare_digest(self.sha256, hashed(token))

    def expired(self, now: datetime) -> bool:
        """Return whether it has expired."""
        return self.expires_at is not None and self.expires_at <= now

    @classmethod
    def generate(
        cls,
        name: str,
        scopes: frozenset[Scope],
        *,
        created_at: datetime,
        expires_at: datetime | None = None,
        limits: KeyLimits | None = None,
        owner: str | None = None,
    ) -> tuple[Self, str]:
        """Return the record of a new key, and the key itself, which is not stored anywhere."""
        key_id = _random(_ID_LENGTH)
        token = f"phc_{key_id}_{_random(_SECRET_LENGTH)}"
        record = cls(
            id=key_id,
            name=name,
            scopes=scopes,
            sha256=hashed(token),
            owner=owner or key_id,
            created_at=created_at,
            expires_at=expires_at,
            limits=limits or KeyLimits(),
        )
        return record, token


def id_of(token: str) -> str | None:
    """Return the id that a key begins with, None if the text is not a key."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def hashed(token: str) -> str:
    """Return the SHA-256 of a random token, in hex.

    A slow, salted hash would protect passwords that people choose. 160 random bits cannot be found by trying, and a
    fast hash adds no delay to a request.
    """
    return ids.hashed(token)


def _random(length: int) -> str:
    return "".join(secrets.choice(ids.ALPHABET) for _ in range(length))
