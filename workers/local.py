"""Colorize files without a queue: requests as JSON lines on stdin, events as JSON lines on stdout.

`photochrom colorize` starts this as a separate process. It does not open photographs itself: a child does
(`child/`), so that a photograph that crashes a codec fails alone.

Request: `{"source": path, "target": path, "options": {...}, "reference": path or null, "repair_mask": path or null,
"replace": bool, "times": bool}`: a target that is there is replaced if so asked, and gets the source's times if so
asked. With `consistency`, what the photograph shows is written to the path `sight`, before its result; `series` is what
`local_series` told of it.

Events, each naming its `source`: `stage` (with `stage`), then exactly one of `done` (with `target`, `width`,
`height`, `warnings`, `timings`, `film`) and `failed` (with `code`, `detail`). Before the first: `ready` with `model`
and `provider`.
"""

import errno
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from photochrom.processes.start import importing

with importing():
    from photochrom.errors import ModelRejected, PhotochromError
    from photochrom.files import replacing
    from photochrom.photo import capabilities
    from photochrom.photo.options import ColorizeOptions
    from photochrom.photo.series import Series

    from . import local_series, local_split
    from .child.colorist import ChildBroken, Colored, Colorist
    from .settings import WorkerSettings

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def serve(requests: TextIO, colorist: Colorist) -> Iterator[dict[str, Any]]:
    """Answer every request line in order; a bad photograph never ends the loop."""
    told = colorist.ready()
    yield {
        "event": "ready",
        "model": f"{told.card.name} {told.card.version}",
        "film_model": told.film and f"{told.film.card.name} {told.film.card.version}",
        "provider": told.provider,
    }
    for line in requests:
        request = json.loads(line)
        source = Path(request["source"])
        work = _TASKS.get(request.get("task"), _restore)
        try:
            yield from work(request, colorist)
        except PhotochromError as error:
            yield _failed(source, error.code, str(error))
        except OSError as error:
            yield _failed(source, "file-error", f"{error.strerror or error}: {error.filename or source}")


def _restore(request: dict[str, Any], colorist: Colorist) -> Iterator[dict[str, Any]]:
    source, target = Path(request["source"]), Path(request["target"])
    options = ColorizeOptions.model_validate(request["options"])
    reference, mask = (
        Path(request[name]) if request.get(name) else None for name in ("reference", "repair_mask")
    )
    if options.consistency:
        capabilities.check_series([colorist.ready().tells_series])
    series = Series.model_validate(request["series"]) if request.get("series") else None
    # Written from inside the pipeline: a generator could not report while a stage is running.
    on_stage = lambda stage: emit({"event": "stage", "source": str(source), "stage": stage})  # noqa: E731
    with colorist.colorize(
        source, options, reference, repair_mask=mask, on_stage=on_stage, series=series
    ) as photo:
        yield from _written(photo, source, target, request)


def _written(photo: Colored, source: Path, target: Path, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    overwrite, times_of = request.get("replace", True), source if request.get("times") else None
    try:
        _make_folder(target.parent)
        with replacing(target, overwrite=overwrite, times_of=times_of) as file:
            for name, chunks in photo.parts():
                if name == "data":
                    file.writelines(chunks)
                elif name == "sight" and request.get("sight"):
                    _keep(Path(request["sight"]), b"".join(chunks))
                else:
                    deque(chunks, maxlen=0)
    except FileExistsError:
        yield _failed(
            source,
            "target-exists",
            f"{target} is there by now, or a name that its folder does not tell from it; it was left as it is.",
        )
    except OSError as error:
        yield _failed(source, "file-error", _said_of(target, error))
    else:
        yield {
            "event": "done",
            "source": str(source),
            "target": str(target),
            "width": photo.told.width,
            "height": photo.told.height,
            "warnings": photo.told.warnings,
            "timings": photo.told.timings,
            "film": photo.told.film and photo.told.film.model_dump(mode="json"),
        }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def _said_of(target: Path, error: OSError) -> str:
    """Name the place of the result: the error has the name of a file of a moment, or none."""
    if error.errno in _FULL:
        return f"{error.strerror} in {target.parent}: free some space there and run the same command again."
    return f"{error.strerror or error}: {target}"


def _failed(source: Path, code: str, detail: str) -> dict[str, Any]:
    return {"event": "failed", "source": str(source), "code": code, "detail": detail}


def _keep(path: Path, data: bytes) -> None:
    _make_folder(path.parent)
    with replacing(path, overwrite=True) as file:
        file.write(data)


_TASKS = {"split": local_split.split, "series": local_series.form_series}


def emit(event: dict[str, Any]) -> None:
    """Write one event and flush: the reader draws a progress bar from it."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve stdin until it ends; Ctrl-C belongs to the parent, which closes our stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = WorkerSettings()
    try:
        with closing(Colorist(settings, settings.threads)) as colorist:
            for event in serve(sys.stdin, colorist):
                emit(event)
    except (ModelRejected, ChildBroken) as error:
        emit({"event": "broken", "code": error.code, "detail": str(error)})
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
