"""`photochrom split`: pages in, one file for each photograph out, without a server."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.markup import escape

from photochrom.errors import PhotochromError
from photochrom.photo.names import suffix_of, with_suffix

from .colorist import Colorist, Outcome
from .outcomes import of_plan, tell
from .plan import CannotPlan, Plan, is_photograph
from .walk import Walk, identity_of


class FramesRejected(PhotochromError):
    """The file of frames cannot be used."""

    code = "frames-rejected"


@dataclass(frozen=True)
class _Sheet:
    source: Path
    folder: Path | None
    stem: str


def split_files(source: Path, target: Path | None, *, frames: Path | None, force: bool, show: bool) -> int:
    """Split `source`, a file or a folder, into `target`; return the exit code (1 if any file failed).

    Args:
        source: a file, or a folder whose inner structure is kept.
        target: a folder; None where nothing is to be cut.
        frames: a file as `show` prints it, whose frames are taken in place of what is found.
        force: whether to replace what is there.
        show: whether to print the frames as lines of JSON.

    Raises:
        CannotPlan, FramesRejected: the arguments do not go together.
        ColoristBroken: no model, or no runtime for it.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if target is None and not show:
        raise CannotPlan("Name a folder for the photographs, or ask for --frames to see where they lie.")
    if target is not None and target.exists() and not target.is_dir():
        raise CannotPlan(f"{target} is a file; name a folder for the photographs.")
    given = _given(frames) if frames else {}
    sheets, plan = _sheets(source, target)
    colorist = Colorist({})
    try:
        ended = [colorist.split(_request(sheet, given, force=force)) for sheet in sheets]
    except KeyboardInterrupt:
        colorist.kill()
        console.print("Stopped. Finished photographs are kept; run the same command again to continue.")
        return 130
    finally:
        colorist.close()
    if show:
        for event in ended:
            if event["event"] == "split":
                print(json.dumps({"source": event["source"], "pages": event["pages"]}))  # noqa: T201 - the result
    return _sum_up(ended, plan, console)


def colorize_cut(source: Path, target: Path, colorize: Callable[[Path, Path], int]) -> int:
    """Split `source`, a file or a folder, and have what is cut colorized into `target`; return the exit code.

    Args:
        source: a file, or a folder whose inner structure is kept.
        target: a folder.
        colorize: colorizes a folder into another, skips what is there, and returns an exit code.

    Raises:
        CannotPlan, ColoristBroken: as `split_files`.
    """
    if target.exists() and not target.is_dir():
        raise CannotPlan(f"{target} is a file; name a folder for the photographs.")
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".photochrom-cut-", dir=target) as folder:
        code = split_files(source, Path(folder), frames=None, force=False, show=False)
        return code if code > 1 else max(code, colorize(Path(folder), target))


def _sheets(source: Path, target: Path | None) -> tuple[list[_Sheet], Plan]:
    if source.is_file():
        return [_Sheet(source, target, with_suffix(source.name, ""))], Plan(())
    walk = Walk(source, target or source)
    if target is not None and identity_of(target) == identity_of(source):
        raise CannotPlan(f"{target} holds the scans themselves; name another folder for the photographs.")
    files = [path for path in walk.files if is_photograph(path)]
    # Two scans of one name and different suffixes keep their photographs apart.
    plain = [path.relative_to(source).with_name(with_suffix(path.name, "")) for path in files]
    sheets = []
    for path, stem in zip(files, plain, strict=True):
        name = stem.name if plain.count(stem) == 1 else f"{stem.name}-{suffix_of(path.name)[1:]}"
        sheets.append(_Sheet(path, None if target is None else target / stem.parent, name))
    return sheets, Plan((), not_photographs=len(walk.files) - len(files), found=tuple(walk.found))


def _request(sheet: _Sheet, given: dict[str, Any], *, force: bool) -> dict[str, Any]:
    source = str(sheet.source.resolve())
    return {
        "source": source,
        "folder": None if sheet.folder is None else str(sheet.folder.resolve()),
        "stem": sheet.stem,
        "frames": given.get(source),
        "replace": force,
    }


def _given(path: Path) -> dict[str, Any]:
    """Read lines of JSON as `--frames` prints them."""
    try:
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        return {
            str(Path(line["source"]).resolve()): [page["frames"] for page in line["pages"]] for line in lines
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FramesRejected(
            f"{path} does not hold frames as `photochrom split --frames` prints them: {error}."
        ) from None


def _sum_up(ended: Sequence[dict[str, Any]], plan: Plan, console: Console) -> int:
    outcomes = [
        Outcome(
            Path(event["source"]),
            event.get("code", ""),
            event.get("detail", ""),
            tuple(event.get("warnings", ())),
        )
        for event in ended
    ]
    failed = tell(console, [*outcomes, *of_plan(plan)])
    done = [event for event in ended if event["event"] == "split"]
    pages = [page for event in done for page in event["pages"]]
    written, kept = (sum(len(event[name]) for event in done) for name in ("written", "kept"))
    parts = [f"Photographs: {sum(len(page['frames']) or 1 for page in pages)}, pages: {len(pages)}"]
    if written:
        parts.append(f"{written} written, {sum(event['exact'] for event in done)} of them without a change")
    if kept:
        parts.append(f"{kept} already there (--force replaces them)")
    if failed:
        parts.append(f"{len(failed)} failed")
    if plan.not_photographs:
        parts.append(f"{plan.not_photographs} skipped (not photographs)")
    console.print(escape(", ".join(parts) + "."))
    return 1 if failed else 0
