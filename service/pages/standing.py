"""The state of one scan of album pages, as the API answers it."""

from photochrom.errors import JobNotFound, PageNotFound
from photochrom.jobs.record import JobRecord
from photochrom.jobs.store import JobStore

from ..jobs.standing import tag_of
from ..live.standing import Standing
from .schemas import PageView


def page_of(store: JobStore, page_id: str) -> JobRecord:
    """Return the record; raise `PageNotFound` where there is none, or it is one of a photograph."""
    try:
        record = store.get(page_id)
    except JobNotFound:
        raise PageNotFound(page_id) from None
    if record.split is None:
        raise PageNotFound(page_id)
    return record


def standing(record: JobRecord, position: int | None = None) -> Standing:
    """Return the state of the scan, with its position in the queue."""
    body = PageView.of(record, position).model_dump_json()
    return Standing(tag_of(record, position), record.revision, record.finished, body)
