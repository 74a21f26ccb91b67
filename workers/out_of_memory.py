"""Recognises out-of-memory errors, whichever library raised them."""

import re
import traceback
from collections.abc import Iterator

# OpenCV, ONNX Runtime and the C decoders raise errors of their own classes, which share only their wording.
_SAID = re.compile(
    r"bad.?alloc|out of memory|(?:not enough|insufficient) memory|memory allocation"
    r"|(?:cannot|unable to|failed to) allocate",
    re.IGNORECASE,
)


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error, or one of its causes, is an out-of-memory error."""
    return any(isinstance(cause, MemoryError) or _SAID.search(str(cause)) for cause in _chain(error))


def let_go(error: BaseException) -> None:
    """Free the variables of the functions that failed: otherwise handling their error could run out of memory."""
    for cause in _chain(error):
        traceback.clear_frames(cause.__traceback__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
