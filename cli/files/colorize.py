"""`photochrom colorize`: files in, files out, several processes, one progress bar."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from photochrom.photo.options import ColorizeOptions, Repair
from photochrom.processes.cores import usable_cores
from photochrom.progress import Count

from .color_set import ColorSet, told_twice
from .colorist import Colorist, Outcome
from .outcomes import of_plan, tell
from .plan import CannotPlan, Item, Plan, format_for, make_plan


def run_files(
    source: Path,
    target: Path,
    options: ColorizeOptions,
    *,
    reference: Path | None = None,
    repair_mask: Path | None = None,
    processes: int,
    force: bool,
    into_folder: bool = False,
    times: bool = False,
) -> int:
    """Colorize `source` into `target`; return the exit code (1 if any photograph failed).

    Raises:
        CannotPlan: source and target do not go together.
        ColoristBroken: no model, or no runtime for it.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if options.hints and not source.is_file():
        raise CannotPlan("Hints are spots of one photograph; name a file, not a folder.")
    if (options.keep or repair_mask) and not source.is_file():
        raise CannotPlan("Places to keep or to repair are of one photograph; name a file, not a folder.")
    if repair_mask and options.repair is not Repair.AUTO:
        raise CannotPlan("A repair mask says where to repair; give it with --repair auto.")
    if options.consistency and source.is_file():
        raise CannotPlan("One photograph has no others to be consistent with; name a folder.")
    if source.is_file() and not target.is_dir() and not into_folder:
        options = options.model_copy(update={"format": format_for(target, options.format)})
    plan = make_plan(source, target, options.format, force=force, into_folder=into_folder)
    color_set = ColorSet(plan, target, options) if options.consistency else None
    started = time.monotonic()
    try:
        outcomes = _colorize(
            plan,
            options,
            lambda env: Colorist(env, reference, repair_mask, times=times),
            processes,
            console,
            color_set,
        )
    except KeyboardInterrupt:
        console.print("Stopped. Finished photographs are kept; run the same command again to continue.")
        return 130
    done = "uncolored" if options.uncolor else "colorized"
    return _sum_up(plan, outcomes, time.monotonic() - started, console, done)


def _colorize(
    plan: Plan,
    options: ColorizeOptions,
    make: Callable[[Mapping[str, str]], Colorist],
    processes: int,
    console: Console,
    color_set: ColorSet | None,
) -> list[Outcome]:
    if not plan.items and not (color_set and color_set.begun):
        return []
    processes = min(processes or usable_cores(), max(1, len(plan.items)))
    env = {"PHOTOCHROM_THREADS": str(max(1, usable_cores() // processes))}
    with _colorists([make(env) for _ in range(processes)]) as idle:
        run = partial(_run, options=options, idle=idle, processes=processes, console=console)
        if color_set is None:
            return run([(item, {}) for item in plan.items])
        outcomes = run([(item, {"sight": str(color_set.sight_of(item).resolve())}) for item in plan.items])
        with _lent(idle) as colorist:
            matched = color_set.matched(colorist)
        again = run([(item, {"series": series}) for item, series in matched])
        color_set.close()
        return told_twice(outcomes, again)


def _run(
    items: Sequence[tuple[Item, dict[str, Any]]],
    *,
    options: ColorizeOptions,
    idle: "queue.SimpleQueue[Colorist]",
    processes: int,
    console: Console,
) -> list[Outcome]:
    """Colorize them, each with what its set asks for."""
    if not items:
        return []
    with _count(len(items), console) as count, ThreadPoolExecutor(processes) as pool:

        def restore(item: Item, of_set: dict[str, Any]) -> Outcome:
            with _lent(idle) as colorist:
                outcome = colorist.restore(
                    item, options, lambda stage: count.report(note=f"{stage} {item.source.name}"), of_set
                )
            count.add()
            return outcome

        futures = [pool.submit(restore, *each) for each in items]
        try:
            return [future.result() for future in as_completed(futures)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _lent(idle: "queue.SimpleQueue[Colorist]") -> Iterator[Colorist]:
    colorist = idle.get()
    try:
        yield colorist
    finally:
        idle.put(colorist)


@contextmanager
def _colorists(colorists: Sequence[Colorist]) -> Iterator["queue.SimpleQueue[Colorist]"]:
    """Yield them, idle; at the end stop their processes, at once if something failed."""
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


def _count(photographs: int, console: Console) -> Count:
    # A script that calls this once for every file wants no lines about "1 of 1".
    quiet = photographs == 1 and not console.is_terminal
    return Count(photographs, console=console, quiet=quiet, transient=True)


def _sum_up(plan: Plan, outcomes: list[Outcome], seconds: float, console: Console, done: str) -> int:
    failed = tell(console, [*outcomes, *of_plan(plan)])
    succeeded = sum(outcome.succeeded for outcome in outcomes)
    console.print(_summary(plan, f"{succeeded} {done}", len(failed), seconds))
    return 1 if failed else 0


def _summary(plan: Plan, done: str, failed: int, seconds: float) -> str:
    parts = [f"{done} in {seconds:.1f} s"]
    if failed:
        parts.append(f"{failed} failed")
    if plan.already_there:
        parts.append(f"{plan.already_there} already there (--force replaces them)")
    if plan.not_photographs:
        parts.append(f"{plan.not_photographs} skipped (not photographs)")
    return ", ".join(parts) + "."
