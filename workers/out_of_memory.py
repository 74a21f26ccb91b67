"""Want of memory, however those who met it say so."""

import re
import traceback
from collections.abc import Iterator

# OpenCV, ONNX Runtime and the C decoders raise errors of their own, which have nothing but words in common.
_SAID = re.compile(
    r"bad.?alloc|out of memory|(?:not enough|insufficient) memory|memory allocation"
    r"|(?:cannot|unable to|failed to) allocate",
    re.IGNORECASE,
)


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an error, or one that led to it, is that there was no memory."""
    return any(isinstance(cause, MemoryError) or _SAID.search(str(cause)) for cause in _chain(error))


def let_go(error: BaseException) -> None:
    """Free what the functions that failed held: while their error is handled, it would leave no room for that."""
    for cause in _chain(error):
        traceback.clear_frames(cause.__traceback__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
