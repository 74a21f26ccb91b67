"""The outcome of each photograph: printed on the terminal, and for a batch written to a file of failures."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from photochrom.files import replacing

from .colorist import Outcome
from .plan import Plan

ERRORS = "photochrom-errors.jsonl"
_SHOWN_FAILURES = 20


def tell(console: Console, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Print the first failures and all warnings; return the outcomes that failed."""
    failed = [outcome for outcome in outcomes if not outcome.succeeded]
    for outcome in failed[:_SHOWN_FAILURES]:
        console.print(f"[red]failed[/] {escape(f'{outcome.source}: {outcome.detail}')}")
    if len(failed) > _SHOWN_FAILURES:
        console.print(f"... and {len(failed) - _SHOWN_FAILURES} more failed")
    for outcome in outcomes:
        for warning in outcome.warnings:
            console.print(f"[yellow]note[/] {escape(f'{outcome.source}: {warning}')}")
    return failed


def of_plan(plan: Plan) -> list[Outcome]:
    """Return what was found beside the plan's photographs: notes, and failures where it has a code."""
    return [
        Outcome(found.source, found.code, found.detail)
        if found.code
        else Outcome(found.source, warnings=(found.detail,))
        for found in plan.found
    ]


class Report:
    """Reports the outcome of a batch's plan."""

    def __init__(self, plan: Plan, target: Path, console: Console) -> None:
        self._plan = plan
        self._target = target
        self._console = console
        self._started = time.monotonic()

    def sum_up(self, outcomes: Sequence[Outcome], *, finished: bool) -> int:
        """Print the summary, write the errors file; return the exit code."""
        failed = tell(self._console, [*outcomes, *of_plan(self._plan)])
        done = sum(outcome.succeeded for outcome in outcomes)
        self._console.print(escape(self._summary(done, len(failed))))
        if finished:
            self._write_errors(failed)
        return 1 if failed else 0

    def interrupted(self, outcomes: Sequence[Outcome]) -> None:
        """Print how far the run came."""
        done = sum(outcome.succeeded for outcome in outcomes)
        self._console.print(
            f"Stopped after {done} of {len(self._plan.items)}; the service continues with what it has, "
            "and running the same command again fetches it."
        )

    def _summary(self, done: int, failed: int) -> str:
        plan = self._plan
        parts = [f"{done} colorized in {time.monotonic() - self._started:.1f} s"]
        if failed:
            parts.append(
                f"{failed} failed (see {self._target / ERRORS}; run the same command to try them again)"
            )
        if plan.already_there:
            parts.append(f"{plan.already_there} already there (--overwrite replaces them)")
        if plan.not_photographs:
            parts.append(f"{plan.not_photographs} skipped (not photographs)")
        return ", ".join(parts) + "."

    def _write_errors(self, failed: Sequence[Outcome]) -> None:
        path = self._target / ERRORS
        if failed:
            lines = (
                json.dumps({"source": str(bad.source), "code": bad.code, "detail": bad.detail}) + "\n"
                for bad in failed
            )
            with replacing(path) as file:
                file.write("".join(lines).encode())
        elif self._plan.items:
            path.unlink(missing_ok=True)
