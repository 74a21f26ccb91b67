"""Identifiers that sort by the time of their making."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_LENGTH = 26
PATTERN = rf"^[0-7][{_ALPHABET}]{{{_LENGTH - 1}}}$"


def new_id() -> str:
    """Return a ULID in lower case: 48 bits of milliseconds, then 80 random bits (26 characters)."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
