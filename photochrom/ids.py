"""Identifiers that sort by their creation time, and hashes of texts."""

import hashlib
import secrets
import threading
import time
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_LENGTH = 26
PATTERN = rf"^[0-7][{ALPHABET}]{{{_LENGTH - 1}}}$"

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a ULID in lower case: 48 bits of milliseconds, then 80 random bits (26 characters).

    Ids of one process always increase, also within a millisecond, so that a batch keeps its order.
    """
    global _last
    fresh = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    with _lock:
        # The step is random: the next id cannot be guessed from this one.
        _last = max(fresh, _last + 1 + secrets.randbits(40))
        number = _last
    return _spelled(number)


def first_id_at(moment: datetime) -> str:
    """Return the smallest id that could have been made at this moment: a position in sorted ids."""
    return _spelled(int(moment.timestamp() * 1000) << 80)


def _spelled(number: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))


def hashed(text: str) -> str:
    """Return the SHA-256 of a text in hex; names of files that are not valid Unicode work, too."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
