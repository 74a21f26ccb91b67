"""The Idempotency-Key header: a call that is sent again with the same key takes effect once."""

from photochrom.errors import InvalidOption
from photochrom.ids import hashed
from photochrom.jobs.store import IdempotencyKey


def idempotency(key: str | None, said: str, owner: str, *earlier: str) -> IdempotencyKey | None:
    """Return the key that `owner` gave to a call, with what the call says, both hashed; None without a key.

    `earlier` is what earlier versions took the same call to say.

    Raises:
        InvalidOption: the key is empty.
    """
    if key is None:
        return None
    if not key.strip():
        raise InvalidOption("The Idempotency-Key is empty; send a unique text, or leave the header out.")
    # Keys of different owners are independent.
    mine = f"{owner} {key}" if owner else key
    return IdempotencyKey(hashed(mine), hashed(said), earlier=tuple(map(hashed, earlier)))
