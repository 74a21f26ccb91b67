"""Why a photograph did not come through, as its record says it."""

import errno
import signal
from typing import NamedTuple

from photochrom.errors import PhotochromError, StorageFull
from photochrom.storage.drafts import FULL

from .out_of_memory import lacks_memory

_NO_MEMORY = "The worker does not have enough memory for this photograph."
_SAVE_ANEW = "it may be damaged. Open it in another program, save it anew, and send that."


class OutOfMemory(PhotochromError):
    """The process that had the photograph was ended for want of memory."""

    code = "out-of-memory"

    def __init__(self) -> None:
        super().__init__(_NO_MEMORY)


class PhotoCrashed(PhotochromError):
    """The process that had the photograph came to a sudden end."""

    code = "photo-crashed"

    def __init__(self, exit_code: int | None = None) -> None:
        super().__init__(
            f"The photograph crashed the process that opened it ({_ending(exit_code)}); {_SAVE_ANEW}"
        )


class PhotoHung(PhotochromError):
    """The process that had the photograph did not get on, and was ended."""

    code = "photo-hung"

    def __init__(self) -> None:
        super().__init__(f"The photograph made the process that opened it hang; {_SAVE_ANEW}")


class Explanation(NamedTuple):
    """A code, and a sentence for the caller."""

    code: str
    detail: str


def explained(error: BaseException) -> Explanation:
    """Return what the record says of an error; what went wrong inside is for the log."""
    if lacks_memory(error):
        return Explanation(code=OutOfMemory.code, detail=_NO_MEMORY)
    if isinstance(error, PhotochromError):
        return Explanation(code=error.code, detail=str(error))
    if _no_room(error):
        return Explanation(
            code=StorageFull.code,
            detail="The worker has no room for its temporary files; free some space and try again.",
        )
    return Explanation(
        code=PhotochromError.code,
        detail=f"The worker met an unexpected {type(error).__name__}; its log tells more.",
    )


def _no_room(error: BaseException) -> bool:
    # Python tries all the folders it knows, and then says that there is none.
    full = {*FULL, errno.ENOENT} if "temporary directory" in str(error) else FULL
    return isinstance(error, OSError) and error.errno in full


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "it made no sense any more"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
