"""`photochrom verify`: what files say of themselves, in plain words, and whether their signatures hold."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from photochrom.errors import PhotochromError

from .credentials import Credentials, credentials_of
from .statements import Statement, statement_of

_GENERATED = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia")
_NO_LIBRARY = "Signatures are not looked at: pip install 'photochrom[provenance]'."


def verify(paths: list[Path], trust: Path | None) -> int:
    """Print what each file says; return 1 if a signature does not hold or a file cannot be read, else 0."""
    console, wrong = Console(highlight=False, soft_wrap=True), False
    for path in paths:
        console.print(f"[bold]{escape(str(path))}[/]")
        try:
            for sentence in _of_statement(statement_of(path)):
                console.print(f"  {escape(sentence)}")
            found = credentials_of(path, trust)
        except ImportError:
            console.print(f"  {escape(_NO_LIBRARY)}")
        except (PhotochromError, OSError) as error:
            console.print(f"  [red]{escape(str(error))}[/]")
            wrong = True
        else:
            console.print(f"  {escape(_of_credentials(found))}")
            wrong |= found is not None and not found.holds
    return int(wrong)


def _of_statement(told: Statement) -> Iterator[str]:
    if told.model:
        yield f"Its colours were made by Photochrom {told.version} with the model {told.model}; they are a guess."
        if told.original_sha256:
            yield f"It was made from the file with the SHA-256 {told.original_sha256}."
        if told.model_sha256:
            yield f"The model's weights have the SHA-256 {told.model_sha256}."
        if told.luma_sha256:
            yield "It holds the luma of its scan; `photochrom uncolor` proves it and gives it back."
    elif told.source_type.rpartition("/")[2] in _GENERATED:
        yield f"It states that a program made it, or parts of it: {told.source_type}."
    else:
        yield "Its metadata do not say that anything in it was made by a program."
    if told.steps:
        yield f"Its history: {', '.join(told.steps)}."


def _of_credentials(found: Credentials | None) -> str:
    if found is None:
        return "It is not signed."
    if not found.holds:
        reasons = f" ({', '.join(found.failures)})" if found.failures else ""
        return f"THE SIGNATURE DOES NOT HOLD: the file was changed after {found.signer} signed it{reasons}."
    if found.trusted:
        return f"Signed by {found.signer}, whose authority you trust; nothing was changed since."
    return (
        f"Signed by {found.signer}; nothing was changed since. No authority that is trusted here vouches for "
        "that name: anybody can make such a certificate. Name the authority's certificate with --trust."
    )
