"""The capabilities that a job needs, and those that the model was trained for."""

from collections.abc import Collection

from ..errors import CapabilityMissing
from .options import ColorizeOptions


def wanted(options: ColorizeOptions, *, reference: bool) -> set[str]:
    """Return the capabilities that a job with these inputs needs."""
    return {name for name, asked in (("hints", options.hints), ("palette", reference)) if asked}


def check(needed: Collection[str], there: Collection[str], model: str) -> None:
    """Raise `CapabilityMissing` where the model lacks one.

    Args:
        needed: from `wanted`.
        there: the capabilities on the card.
        model: its name, for the sentence.
    """
    if missing := sorted(set(needed) - set(there)):
        told = {"hints": "colour hints", "palette": "a reference photograph"}
        raise CapabilityMissing(
            f"The model {model} was not trained for {' and '.join(told[name] for name in missing)}; "
            "send the job without, or run a model that has it (GET /v1/models shows the capabilities)."
        )
