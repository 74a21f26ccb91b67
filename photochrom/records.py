"""Reading what Redis holds: many records at once, of which some may be from another version, and their ids."""

import logging
from collections.abc import Iterable
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

_log = logging.getLogger(__name__)
Record = TypeVar("Record", bound=BaseModel)


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


def texts(members: object) -> list[str]:
    """Return members of a set or list as Redis sends them, as texts."""
    return [member.decode() for member in cast("Iterable[bytes]", members)]
