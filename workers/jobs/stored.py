"""What a worker has stored."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stored:
    """One file in the storage."""

    key: str
    bytes: int
    sha256: str
