"""What a job needs: capabilities that the model was trained for, and a format that the workers write."""

from collections.abc import Collection

from ..errors import CapabilityMissing
from .options import ColorizeOptions, OutputFormat


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


def check_series(telling: Collection[bool]) -> None:
    """Raise `CapabilityMissing` where none of the workers can tell which photographs belong together."""
    if telling and not any(telling):
        raise CapabilityMissing(
            "The workers of this service cannot tell which photographs belong together; send the batch without "
            "consistency, or run them with the shipped recognizer.onnx."
        )


def check_format(asked: OutputFormat, written: Collection[OutputFormat]) -> None:
    """Raise `CapabilityMissing` where a result in this format cannot be written."""
    if asked is not OutputFormat.SAME and asked not in written:
        raise CapabilityMissing(
            f"The workers of this service do not write {asked.upper()}; ask for another format, or install "
            f"photochrom[{asked}-write] where they run (GET /v1/models shows what they write)."
        )
