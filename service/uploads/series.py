"""Refuse `consistency` where there is no batch that asked for it."""

from photochrom.batches.record import BatchRecord
from photochrom.errors import InvalidOption
from photochrom.photo.options import ColorizeOptions


def refuse_consistency(options: ColorizeOptions, batch: BatchRecord | None = None) -> None:
    """Raise `InvalidOption` of a photograph that has no others to be consistent with."""
    if options.consistency and batch is None:
        raise InvalidOption(
            "consistency is for several photographs; send it with a batch (POST /v1/batches)."
        )
    if options.consistency and batch is not None and batch.series is None:
        raise InvalidOption(
            "consistency: this batch was begun without it; begin another batch with consistency."
        )
