"""A queue that takes no writes: its memory is full, or its own disk is. Reading goes on, and so does deleting."""

from redis.exceptions import OutOfMemoryError, ResponseError

MISCONF = "MISCONF"
"""How Redis begins its refusal of all writes while it cannot keep them on its disk."""


def takes_no_writes(error: Exception) -> bool:
    """Return whether Redis refused a command because it has no room; it recovers by itself once there is some."""
    return isinstance(error, OutOfMemoryError) or (isinstance(error, ResponseError) and MISCONF in str(error))
