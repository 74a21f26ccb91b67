"""Colorize files without a queue: requests as JSON lines on stdin, events as JSON lines on stdout.

`photochrom colorize` starts this as a process of its own, which opens no photograph itself: a child does
(`child/`), so that one that crashes a codec fails alone.

Request: `{"source": path, "target": path, "options": {...}, "reference": path or null}`. Events, each naming
its `source`: `stage` (with `stage`), then exactly one of `done` (with `target`, `width`, `height`, `warnings`,
`timings`, `film`) and `failed` (with `code`, `detail`). Before the first: `ready` with `model` and `provider`.
"""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.files import replacing
from photochrom.photo.options import ColorizeOptions

from .child.colorist import ChildBroken, Colored, Colorist
from .settings import WorkerSettings


def serve(requests: TextIO, colorist: Colorist) -> Iterator[dict[str, Any]]:
    """Answer every request line in order; a photograph at fault never ends the loop."""
    told = colorist.ready()
    yield {
        "event": "ready",
        "model": f"{told.card.name} {told.card.version}",
        "provider": told.provider,
    }
    for line in requests:
        yield from _restore(json.loads(line), colorist)


def _restore(request: dict[str, Any], colorist: Colorist) -> Iterator[dict[str, Any]]:
    source, target = Path(request["source"]), Path(request["target"])
    options = ColorizeOptions.model_validate(request["options"])
    reference = Path(request["reference"]) if request.get("reference") else None
    # Written from inside the pipeline: a generator could not report while a stage is under way.
    on_stage = lambda stage: emit({"event": "stage", "source": str(source), "stage": stage})  # noqa: E731
    try:
        with colorist.colorize(source, options, reference, on_stage=on_stage) as photo:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as file:
                file.writelines(_pixels(photo))
    except PhotochromError as error:
        yield _failed(source, error.code, str(error))
    except OSError as error:
        yield _failed(source, "file-error", f"{error.strerror or error}: {error.filename or source}")
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


def _failed(source: Path, code: str, detail: str) -> dict[str, Any]:
    return {"event": "failed", "source": str(source), "code": code, "detail": detail}


def _pixels(photo: Colored) -> Iterator[bytes]:
    for name, chunks in photo.parts():
        if name == "data":
            return chunks
    return iter(())


def emit(event: dict[str, Any]) -> None:
    """Write one event and flush: the reader draws a progress bar from it."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve stdin until it ends; Ctrl-C belongs to the parent, which closes our stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = WorkerSettings()
    colorist = Colorist(settings, settings.threads)
    try:
        for event in serve(sys.stdin, colorist):
            emit(event)
    except (ModelRejected, ChildBroken) as error:
        emit({"event": "broken", "code": error.code, "detail": str(error)})
        raise SystemExit(1) from None
    finally:
        colorist.close()


if __name__ == "__main__":
    main()
