"""Stored records, of which some may be from another version: how they are read, what is kept of them, and their ids."""

import logging
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

_log = logging.getLogger(__name__)
Record = TypeVar("Record", bound=BaseModel)
Part = TypeVar("Part", bound=BaseModel)


def _closed(schema: dict[str, Any]) -> None:
    # What the API shows of a record has no fields but those that are documented.
    schema.pop("additionalProperties", None)


STORED = ConfigDict(frozen=True, extra="allow", protected_namespaces=(), json_schema_extra=_closed)
"""Of each model that is stored: a field of a newer version is kept when this one changes the record."""


def readable(kind: type[Record], texts: Iterable[bytes | None]) -> list[Record]:
    """Return the records that are there, in their order; those that cannot be read are logged and left out.

    One that a newer version wrote must neither spoil a whole listing nor stop the workers.
    """
    records = []
    for text in filter(None, texts):
        try:
            records.append(kind.model_validate_json(text))
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, item['loc']))} {item['type']}" for item in error.errors()[:3]]
            _log.error("%s... cannot be read: %s", text[:40].decode(errors="replace"), "; ".join(wrong))
    return records


def known(stored: Part | None) -> Part | None:
    """Return a part of a record without what this version does not know, all the way down: to be shown."""
    if stored is None:
        return None
    kind = type(stored)
    return kind.model_construct(**{name: _known(getattr(stored, name)) for name in kind.model_fields})


def _known(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return known(value)
    parts = isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value)
    return tuple(map(_known, value)) if parts else value


def texts(members: object) -> list[str]:
    """Return members of a set or list as Redis sends them, as texts."""
    return [member.decode() for member in cast("Iterable[bytes]", members)]
