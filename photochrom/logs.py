"""Logging for every process, as lines for people or JSON for machines, with the ids of request and job."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s"
_IDS: ContextVar[dict[str, str]] = ContextVar("ids", default={})  # noqa: B039 - never changed, only replaced


class LogFormat(StrEnum):
    """The format of a log line."""

    TEXT = "text"
    JSON = "json"


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Add these ids to every line that is logged within: `about(job_id=...)`."""
    token = _IDS.set(_IDS.get() | ids)
    try:
        yield
    finally:
        _IDS.reset(token)


def configure(log_format: LogFormat) -> None:
    """Log to standard error from here on, INFO and above."""
    handler = logging.StreamHandler()
    handler.addFilter(_with_ids)
    handler.setFormatter(_json() if log_format is LogFormat.JSON else _Text())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # RQ logs each job five times.
    for name in ("rq", "rq.worker", "rq.scheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_ids(record: logging.LogRecord) -> bool:
    record.__dict__.update(_IDS.get())
    record.ids = _IDS.get()
    return True


def _json() -> logging.Formatter:
    # Not at the top: most processes write text, and every one waits for its imports.
    from pythonjsonlogger.json import JsonFormatter

    renamed = {"asctime": "time", "levelname": "level", "name": "logger", "process": "pid"}
    return JsonFormatter(
        _FIELDS, datefmt="%Y-%m-%dT%H:%M:%S%z", rename_fields=renamed, reserved_attrs=[*_RESERVED, "ids"]
    )


_RESERVED = [*logging.LogRecord("", 0, "", 0, "", None, None).__dict__, "message", "asctime", "taskName"]


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s%(told)s")

    def format(self, record: logging.LogRecord) -> str:
        ids: dict[str, str] = getattr(record, "ids", {})
        record.told = "".join(f" {name}={value}" for name, value in ids.items())
        return super().format(record)
