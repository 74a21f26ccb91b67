"""How long a page keeps its own thread busy, by the processor's time: a busy machine lets every task wait."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

_TASK = "ThreadControllerImpl::RunTask"
_THREAD = "CrRendererMain"


@dataclass
class Tasks:
    """What a page's thread did while it was watched."""

    longest: float = 0
    """Milliseconds of the processor that its longest task took."""
    waited: float = 0
    """Milliseconds from the beginning to the end of the task that took longest by the clock."""


@contextmanager
def watched(chromium: Browser, page: Page) -> Iterator[Tasks]:
    """Watch all tasks of all pages that the browser shows; the numbers are there when the context has ended."""
    tasks = Tasks()
    chromium.start_tracing(page=page, categories=["toplevel"])
    try:
        yield tasks
    finally:
        trace = json.loads(chromium.stop_tracing())
    events = trace["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == _THREAD
    }
    found = [event for event in events if event["name"] == _TASK and (event["pid"], event["tid"]) in threads]
    assert found, "The browser told of no tasks."
    tasks.longest = max(event.get("tdur", 0) for event in found) / 1000
    tasks.waited = max(event.get("dur", 0) for event in found) / 1000
