"""What became of photographs, told on the terminal; the same for every command that colorizes."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from .colorist import Outcome

_SHOWN_FAILURES = 20


def tell(console: Console, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Print the failures, the first of many, and all warnings; return those that failed."""
    failed = [outcome for outcome in outcomes if not outcome.succeeded]
    for outcome in failed[:_SHOWN_FAILURES]:
        console.print(f"[red]failed[/] {escape(f'{outcome.source}: {outcome.detail}')}")
    if len(failed) > _SHOWN_FAILURES:
        console.print(f"... and {len(failed) - _SHOWN_FAILURES} more failed")
    for outcome in outcomes:
        for warning in outcome.warnings:
            console.print(f"[yellow]note[/] {escape(f'{outcome.source}: {warning}')}")
    return failed
