"""Start a process quickly: hundreds of modules are imported before it can do anything."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_METRICS = "opentelemetry.sdk.metrics"


@contextmanager
def importing() -> Iterator[None]:
    """Import what a process is made of in this context: it takes a third less.

    What is imported stays, so no garbage is looked for, then or later. And redis-py loads OpenTelemetry's metrics
    wherever they are installed, which nobody asks it for: here it does not find them.
    """
    hides = _METRICS not in sys.modules
    if hides:
        sys.modules[_METRICS] = None  # type: ignore[assignment]  # the import system's own sign for "not there"
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
        if hides:
            del sys.modules[_METRICS]
