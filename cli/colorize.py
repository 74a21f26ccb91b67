"""`photochrom colorize`: files in, files out, several processes, one progress bar."""

import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from photochrom.photo.options import ColorizeOptions
from photochrom.processes.cores import usable_cores

from .colorist import Colorist, Outcome
from .outcomes import tell
from .plan import CannotPlan, Plan, format_for, make_plan


def run_files(
    source: Path,
    target: Path,
    options: ColorizeOptions,
    *,
    reference: Path | None = None,
    processes: int,
    force: bool,
) -> int:
    """Colorize `source` into `target`; return the exit code (1 if any photograph failed).

    Raises:
        CannotPlan: source and target do not go together.
        ColoristBroken: no model, or no runtime for it.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if options.hints and not source.is_file():
        raise CannotPlan("Hints are spots of one photograph; name a file, not a folder.")
    if source.is_file() and not target.is_dir():
        options = options.model_copy(update={"format": format_for(target, options.format)})
    plan = make_plan(source, target, options.format, force=force)
    started = time.monotonic()
    try:
        outcomes = _colorize(plan, options, reference, processes or usable_cores(), console)
    except KeyboardInterrupt:
        console.print("Stopped. Finished photographs are kept; run the same command again to continue.")
        return 130
    done = "uncolored" if options.uncolor else "colorized"
    _sum_up(plan, outcomes, time.monotonic() - started, console, done)
    return 0 if all(outcome.succeeded for outcome in outcomes) else 1


def _colorize(
    plan: Plan, options: ColorizeOptions, reference: Path | None, processes: int, console: Console
) -> list[Outcome]:
    if not plan.items:
        return []
    processes = min(processes, len(plan.items))
    env = {"PHOTOCHROM_THREADS": str(max(1, usable_cores() // processes))}
    with (
        _colorists(processes, env, reference) as idle,
        _progress(console) as progress,
        ThreadPoolExecutor(processes) as pool,
    ):
        bar = progress.add_task("", total=len(plan.items), file="")

        def restore(index: int) -> Outcome:
            item = plan.items[index]
            colorist = idle.get()
            try:
                return colorist.restore(item, options, lambda stage: _show(progress, bar, item.source, stage))
            finally:
                idle.put(colorist)
                progress.advance(bar)

        futures = [pool.submit(restore, index) for index in range(len(plan.items))]
        try:
            return [future.result() for future in as_completed(futures)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _colorists(
    count: int, env: dict[str, str], reference: Path | None
) -> Iterator["queue.SimpleQueue[Colorist]"]:
    """Yield `count` idle colorists; at the end stop their processes, at once if something failed."""
    colorists = [Colorist(env, reference) for _ in range(count)]
    idle: queue.SimpleQueue[Colorist] = queue.SimpleQueue()
    for colorist in colorists:
        idle.put(colorist)
    try:
        yield idle
    except BaseException:
        for colorist in colorists:
            colorist.kill()
        raise
    for colorist in colorists:
        colorist.close()


def _progress(console: Console) -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[file]}"),
        console=console,
        transient=True,
    )


def _show(progress: Progress, bar: TaskID, source: Path, stage: str) -> None:
    progress.update(bar, file=escape(f"{stage} {source.name}"))


def _sum_up(plan: Plan, outcomes: list[Outcome], seconds: float, console: Console, done: str) -> None:
    failed = tell(console, outcomes)
    console.print(_summary(plan, f"{len(outcomes) - len(failed)} {done}", len(failed), seconds))


def _summary(plan: Plan, done: str, failed: int, seconds: float) -> str:
    parts = [f"{done} in {seconds:.1f} s"]
    if failed:
        parts.append(f"{failed} failed")
    if plan.already_there:
        parts.append(f"{plan.already_there} already there (--force replaces them)")
    if plan.not_photographs:
        parts.append(f"{plan.not_photographs} skipped (not photographs)")
    return ", ".join(parts) + "."
