"""Asks workers for what a finished job has only on wish: likely colours, tiles for viewers."""

from collections.abc import Callable

from photochrom.jobs.queue import Extra
from photochrom.jobs.record import JobRecord

from ..access.ledger import charged, photographs
from ..caller import Caller
from ..deps import Services


def ask_for(
    services: Services,
    caller: Caller,
    record: JobRecord,
    extra: Extra,
    counted: Callable[[JobRecord], JobRecord],
) -> None:
    """Have it made, unless it is being made already, or another extra of this owner is; it costs one photograph.

    Args:
        services: the API's.
        caller: who asks, and pays.
        record: of the finished job.
        extra: what is wanted.
        counted: counts one more attempt in the record.

    Raises:
        JobConflict: it was tried too often.
        QuotaExceeded: the caller has no photograph left today.
    """
    if services.queue.may_ask(record, extra):
        counted(record)  # what is refused is not refused for want of quota
        with charged(services.allowance, caller, photographs(1)):
            services.queue.ask_for(services.store.change(record.id, counted), extra)
